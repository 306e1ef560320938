package command

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/topology"
)

// What serves S3 and DynamoDB is said by the command, else by the environment, else by the file.
func TestWhoSaysWhatServesS3AndDynamoDB(t *testing.T) {
	for name, c := range map[string]struct {
		flag, env  string
		file, want topology.AWS
	}{
		"nobody":                      {want: ""},
		"the file":                    {file: topology.AWSPackages, want: topology.AWSPackages},
		"the environment":             {env: "localstack", want: topology.AWSLocalStack},
		"the environment, and a file": {env: "localstack", file: topology.AWSPackages, want: topology.AWSLocalStack},
		"the command":                 {flag: "packages", env: "localstack", want: topology.AWSPackages},
		"the command, nothing new": {
			flag: "auto", env: "localstack", file: topology.AWSPackages,
			want: topology.AWSPackages,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(awsEnv, c.env)
			var from imageFlags
			cmd := &cobra.Command{RunE: func(*cobra.Command, []string) error { return nil }}
			from.add(cmd)
			cmd.SetArgs([]string{})
			if c.flag != "" {
				cmd.SetArgs([]string{"--aws", c.flag})
			}
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			got, err := from.options(c.file)
			if err != nil || got.AWS != c.want {
				t.Errorf("got %q, %v; want %q", got.AWS, err, c.want)
			}
		})
	}
	t.Setenv(awsEnv, "localstak")
	var from imageFlags
	from.add(&cobra.Command{})
	if _, err := from.options(""); err == nil {
		t.Error("a misspelt environment is taken")
	}
}
