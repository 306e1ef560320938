//go:build realfo

package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/topology"
)

func ep(r, a string) topology.Endpoint { return topology.Endpoint{Region: r, Address: a} }

var (
	eastSt = Stores{Region: "us-east-1", S3: ep("us-e", "127.0.0.1:17070"), DynamoDB: ep("us-east-1", "127.0.0.1:17080")}
	westSt = Stores{Region: "us-west-2", S3: ep("us-w", "127.0.0.1:17071"), DynamoDB: ep("us-west-2", "127.0.0.1:17080")}
)

func sh(t *testing.T, c string) string {
	out, err := exec.Command("runuser", "-u", "postgres", "--", "sh", "-c", c).CombinedOutput()
	if err != nil {
		t.Logf("%s: %v\n%s", c, err, out)
	}
	return string(out)
}

func TestRealBackup(t *testing.T) {
	ctx := t.Context()
	for _, s := range []Stores{eastSt, westSt} {
		objectClient(s.S3).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(topology.Bucket)})
		_, err := itemClient(s.DynamoDB).CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName: aws.String(topology.ItemsTable), BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("shard"), AttributeType: "S"}, {AttributeName: aws.String("stamp"), AttributeType: "N"}},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("by_stamp"), Projection: &types.Projection{ProjectionType: "ALL"},
				KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("shard"), KeyType: "HASH"}, {AttributeName: aws.String("stamp"), KeyType: "RANGE"}}}},
		})
		t.Log(err)
	}
	for i := range 5 {
		_, err := objectClient(eastSt.S3).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(topology.Bucket), Key: aws.String(fmt.Sprint("verifications/", i)), Body: strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = itemClient(eastSt.DynamoDB).PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(topology.ItemsTable), Item: map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: fmt.Sprint(i)}, "shard": &types.AttributeValueMemberS{Value: "all"}, "origin": &types.AttributeValueMemberS{Value: "us-east-1"},
			"stamp": &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().UnixNano(), 10)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	svc, err := newBackup(BackupConfig{Region: "us-east-1", Postgres: ep("us-east-1", "127.0.0.1:15432"), Source: eastSt, Target: westSt}, NewMarks("backup"))
	if err != nil {
		t.Fatal(err)
	}
	go svc.Run(ctx)
	mux := http.NewServeMux()
	svc.Routes(mux)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for range 2 {
		began := time.Now()
		resp, err := http.Post(srv.URL+"/backup", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		var rep map[string]any; if resp.StatusCode != 200 { b := make([]byte, 999); n, _ := resp.Body.Read(b); t.Log(string(b[:n])) }
		json.NewDecoder(resp.Body).Decode(&rep)
		t.Log(resp.Status, rep, time.Since(began))
	}
	resp, _ := http.Get(srv.URL + "/backups")
	var l any
	json.NewDecoder(resp.Body).Decode(&l)
	t.Log(l)
}

func TestRealRestore(t *testing.T) {
	dir := "/tmp/fo/restore"
	os.RemoveAll(dir)
	os.MkdirAll(dir, 0o777)
	os.Chmod(dir, 0o777)
	cfg := AutomationConfig{S3: westSt.S3, Postgres: ep("us-west-2", "127.0.0.1:15434"), RestoreFile: filepath.Join(dir, "base.tar")}
	go func() {
		for {
			if _, err := os.Stat(cfg.RestoreFile); err == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		sh(t, `cd /tmp/fo/pg; rm -rf restored; mkdir -m 700 restored; tar xf /tmp/fo/restore/base.tar -C restored && ls restored && head -3 restored/backup_label; : > restored/postgresql.auto.conf; touch restored/recovery.signal; /usr/lib/postgresql/15/bin/pg_ctl -D restored -W -o "-p 15434 -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp/fo/pg -c hot_standby=off -c restore_command=false" -l restored.log start`)
	}()
	r := newRestore(cfg)
	for range 2 {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		detail, err := r.Do(ctx)
		cancel()
		t.Log(detail, err, time.Since(began))
	}
	t.Log(sh(t, `/usr/lib/postgresql/15/bin/psql -h /tmp/fo/pg -p 15434 -U postgres -d kyc -Atc "select count(*), sum(n) from t"`))
	t.Log(sh(t, `tail -5 /tmp/fo/pg/restored.log; /usr/lib/postgresql/15/bin/pg_ctl -D /tmp/fo/pg/restored -m immediate stop`))
}

func TestRealFailover(t *testing.T) {
	dir := t.TempDir()
	app := func() *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}
	eastApp, westApp := app(), app()
	defer westApp.Close()
	nsMarks := NewMarks("ns")
	check := topology.HealthCheck{Interval: 100 * time.Millisecond, Threshold: 3}
	ns, err := newNameservice(NameserviceConfig{Record: topology.RecordName, Check: check, Targets: []Target{
		{"us-east-1", "127.0.0.1", 1, eastApp.URL}, {"us-west-2", "127.0.0.1", 2, westApp.URL}}}, nsMarks)
	if err != nil {
		t.Fatal(err)
	}
	ns.(*nameservice).open(t.Context(), "127.0.0.1:0")
	go ns.Run(t.Context())
	mux := http.NewServeMux()
	ns.Routes(mux)
	nsSrv := httptest.NewServer(mux)
	defer nsSrv.Close()
	cfg := AutomationConfig{Region: "us-west-2", Home: "us-east-1", Check: check, StepTimeout: 10 * time.Second, Strategy: topology.WarmStandby,
		HomeHealth: eastApp.URL, HomePostgres: ep("us-east-1", "127.0.0.1:15432"), Nameservice: nsSrv.URL,
		Postgres: ep("us-west-2", "127.0.0.1:15433"), Redis: ep("us-west-2", "127.0.0.1:16380"), S3: westSt.S3, DynamoDB: westSt.DynamoDB,
		ConfigFile: filepath.Join(dir, "region.json"), AppReady: westApp.URL}
	writeConfig(cfg.ConfigFile, topology.Config{Revision: 1, Region: "us-west-2", Postgres: cfg.HomePostgres})
	w := labWorld{cfg: cfg}
	t.Log("home was there:", w.HomeWasThere(t.Context()))
	m := NewMarks("automation")
	a, err := newAutomation(cfg, m)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	time.Sleep(time.Second)
	t.Log("state", a.(*automation).current())
	began := time.Now()
	sh(t, "/usr/lib/postgresql/15/bin/pg_ctl -D /tmp/fo/pg/home -m immediate stop")
	eastApp.CloseClientConnections()
	eastApp.Close()
	t.Log("home killed", time.Since(m.began), time.Since(began))
	time.Sleep(4 * time.Second)
	t.Log("state", a.(*automation).current())
	// return
	sh(t, `/usr/lib/postgresql/15/bin/pg_ctl -D /tmp/fo/pg/home -w -o "-p 15432 -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp/fo/pg" -l /tmp/fo/pg/home.log start >/dev/null`)
	client, err := pgx.Connect(ctx, postgresURL(cfg.HomePostgres))
	if err == nil {
		_, err = client.Exec(ctx, "begin; create temp table x(n int)")
		t.Log("client on old primary began:", err)
	}
	time.Sleep(2 * time.Second)
	if client != nil {
		_, err = client.Exec(ctx, "commit")
		t.Log("client in transaction:", err)
	}
	t.Log("write to old primary: ", sh(t, `/usr/lib/postgresql/15/bin/psql -h /tmp/fo/pg -p 15432 -U postgres -d kyc -Atc "insert into t values (1)" 2>&1`))
	stop()
	<-done
	for _, x := range marksOf(m) {
		t.Log(x.At, x.Name, x.Detail)
	}
	b, _ := os.ReadFile(cfg.ConfigFile)
	t.Log(string(b))
	w.names = nameClient{base: nsSrv.URL}
	p, why := w.Progress(t.Context())
	t.Log("restart finds", p, why)
	m2 := NewMarks("automation")
	a, _ = newAutomation(cfg, m2)
	ctx, stop = context.WithCancel(t.Context())
	go a.Run(ctx)
	time.Sleep(1500 * time.Millisecond)
	t.Log(a.(*automation).current(), marksOf(m2))
	stop()
	os.Remove(cfg.ConfigFile)
	writeConfig(cfg.ConfigFile, topology.Config{Revision: 7, Region: "us-west-2", Postgres: cfg.HomePostgres})
	m2 = NewMarks("automation")
	a, _ = newAutomation(cfg, m2)
	ctx, stop = context.WithCancel(t.Context())
	go a.Run(ctx)
	time.Sleep(1500 * time.Millisecond)
	t.Log(a.(*automation).current(), marksOf(m2))
	stop()
}

func TestRealCopies(t *testing.T) {
	for i := range 150 {
		if n, err := copyObjects(t.Context(), eastSt, westSt); err != nil {
			t.Log(i, "objects", n, err)
		}
		if n, err := copyItems(t.Context(), eastSt, westSt); err != nil {
			t.Log(i, "items", n, err)
		}
	}
}
