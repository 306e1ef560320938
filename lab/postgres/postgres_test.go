package postgres

import (
	"os"
	"reflect"
	"testing"
)

// somebodys is what an environment may hold, and nothing of it the lab's.
var somebodys = map[string]string{
	"PGHOST": "db.example.com", "PGPORT": "1", "PGDATABASE": "d", "PGUSER": "u", "PGPASSWORD": "p",
	"PGPASSFILE": "/nowhere", "PGSERVICE": "nobodys", "PGSERVICEFILE": "/nowhere", "PGSSLMODE": "verify-full",
	"PGSSLCERT": "/nowhere", "PGSSLKEY": "/nowhere", "PGSSLROOTCERT": "/nowhere", "PGSSLNEGOTIATION": "direct",
	"PGSSLCERTMODE": "nonsense", "PGOPTIONS": "-c synchronous_commit=local", "PGAPPNAME": "psql", "PGTZ": "CET",
	"PGCONNECT_TIMEOUT": "1", "PGTARGETSESSIONATTRS": "standby", "PGREQUIREAUTH": "scram-sha-256",
	"PGMINPROTOCOLVERSION": "3.2", "PGCHANNELBINDING": "require",
}

func TestTheEnvironmentHasNoPartInAConnection(t *testing.T) {
	want := parse()
	for name, value := range somebodys {
		t.Setenv(name, value)
	}
	got := parse()
	was, is := reflect.ValueOf(want.Config), reflect.ValueOf(got.Config)
	for i := range is.NumField() {
		if f := is.Type().Field(i); f.IsExported() && f.Type.Kind() != reflect.Func &&
			!reflect.DeepEqual(is.Field(i).Interface(), was.Field(i).Interface()) {
			t.Errorf("%s is %v, and without somebody's environment %v", f.Name, is.Field(i), was.Field(i))
		}
	}
	if len(got.RuntimeParams) > 0 || got.TLSConfig != nil || got.ValidateConnect != nil || len(got.Fallbacks) > 0 ||
		got.ConnectTimeout != 0 {
		t.Errorf("%+v", got.Config)
	}
	for name, value := range somebodys {
		if left := os.Getenv(name); left != value {
			t.Errorf("%s is %q afterwards", name, left)
		}
	}
}

func TestAServerIsConnectedToAsItSays(t *testing.T) {
	c, err := Server{Address: "[::1]:5432", User: "u", Password: "it's a \\ secret", Database: "d"}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "::1" || c.Port != 5432 || c.User != "u" || c.Password != "it's a \\ secret" || c.Database != "d" {
		t.Errorf("%+v", c.Config)
	}
	c.RuntimeParams["options"] = "mine"
	if again, _ := (Server{Address: "localhost:1"}).Config(); len(again.RuntimeParams) > 0 {
		t.Error("what is changed in one is changed in all")
	}
	for _, address := range []string{"localhost", "localhost:70000", "localhost:x", ""} {
		if _, err := (Server{Address: address}).Config(); err == nil {
			t.Errorf("%q is taken for an address", address)
		}
	}
}
