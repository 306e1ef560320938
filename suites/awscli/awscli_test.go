package awscli_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/awscli"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	west   = "us-west-2"
	bucket = "outside"
	// installing bounds the installation: some 25 MB of packages, on a slow line too.
	installing = 10 * time.Minute
)

var _ = Describe("The AWS command line", Ordered, ContinueOnFailure, func() {
	var cli *awscli.CLI
	var dir string

	aws := func(ctx SpecContext, args ...string) string {
		GinkgoHelper()
		said, err := cli.Run(ctx, args...)
		Expect(err).NotTo(HaveOccurred())
		return said
	}
	write := func(name string, content []byte) string {
		GinkgoHelper()
		Expect(os.WriteFile(filepath.Join(dir, name), content, 0o600)).To(Succeed())
		return name
	}
	read := func(name string) []byte {
		GinkgoHelper()
		content, err := os.ReadFile(filepath.Join(dir, name))
		Expect(err).NotTo(HaveOccurred())
		return content
	}

	BeforeAll(func(ctx SpecContext) {
		dir = GinkgoT().TempDir()
		_, err := awscli.Open(ctx, "", west, dir) // before a lab is up for nothing
		Expect(err).NotTo(HaveOccurred())
		two, ok := topology.Preset("two-regions")
		Expect(ok).To(BeTrue())
		e, err := harness.Up(ctx, two).Addresses().Endpoints(west)
		Expect(err).NotTo(HaveOccurred())
		cli, err = awscli.Open(ctx, e.S3, west, dir)
		Expect(err).NotTo(HaveOccurred())
		GinkgoWriter.Print(aws(ctx, "--version"))
	}, NodeTimeout(installing+harness.LabTimeout))

	It("makes a bucket, and sees it", func(ctx SpecContext) {
		aws(ctx, "s3", "mb", "s3://"+bucket)
		Expect(aws(ctx, "s3", "ls")).To(ContainSubstring(bucket))
	}, SpecTimeout(harness.SpecTimeout))

	DescribeTable("copies a file up and down again, byte by byte", func(ctx SpecContext, size int, parts string) {
		content := bytes.Repeat([]byte("0123456789abcdef\x00\xff"), size/18+1)[:size]
		write("up", content)
		aws(ctx, "s3", "cp", "--quiet", "up", "s3://"+bucket+"/copied")
		aws(ctx, "s3", "cp", "--quiet", "s3://"+bucket+"/copied", "down")
		Expect(bytes.Equal(read("down"), content)).To(BeTrue(), "what came down is what went up")
		Expect(aws(ctx, "s3api", "head-object", "--bucket", bucket, "--key", "copied", "--query",
			"ETag")).To(MatchRegexp(`^"\\"[0-9a-f]{32}%s\\""`, parts))
	},
		Entry("of a few bytes", 1000, "", SpecTimeout(harness.SpecTimeout)),
		Entry("of 20 MiB, in parts", 20<<20, "-3", SpecTimeout(harness.SpecTimeout)),
	)

	It("lists what it put, and no longer what it removed", func(ctx SpecContext) {
		write("few", []byte("few"))
		for _, key := range []string{"list/b", "list/a", "list/c d"} {
			aws(ctx, "s3", "cp", "--quiet", "few", "s3://"+bucket+"/"+key)
		}
		list := func() (keys []string) {
			for _, line := range strings.Split(strings.TrimSpace(aws(ctx, "s3", "ls", "s3://"+bucket+"/list/")), "\n") {
				_, key, _ := strings.Cut(line, " 3 ") // after the date and the size
				keys = append(keys, key)
			}
			return keys
		}
		Expect(list()).To(Equal([]string{"a", "b", "c d"}))
		aws(ctx, "s3", "rm", "--quiet", "s3://"+bucket+"/list/b")
		Expect(list()).To(Equal([]string{"a", "c d"}))
	}, SpecTimeout(harness.SpecTimeout))

	It("signs a URL that anybody can get", func(ctx SpecContext) {
		// Left to itself it signs URLs by the old version 2, which S3 takes no more for a bucket that was made since
		// June 2020, nor does versitygw.
		Expect(cli.Configure("s3 =\n  signature_version = s3v4")).To(Succeed())
		DeferCleanup(cli.Configure, "")
		write("few", []byte("for anybody"))
		aws(ctx, "s3", "cp", "--quiet", "few", "s3://"+bucket+"/signed")
		url := strings.TrimSpace(aws(ctx, "s3", "presign", "s3://"+bucket+"/signed", "--expires-in", "60"))
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		Expect(err).NotTo(HaveOccurred())
		response, err := http.DefaultClient.Do(request)
		Expect(err).NotTo(HaveOccurred())
		defer func() { _ = response.Body.Close() }()
		Expect(response).To(HaveHTTPStatus(http.StatusOK))
		Expect(io.ReadAll(response.Body)).To(BeEquivalentTo("for anybody"))
	}, SpecTimeout(harness.SpecTimeout))

	It("creates a key once, and is refused the second time", func(ctx SpecContext) {
		write("first", []byte("first"))
		write("second", []byte("second"))
		create := func(file string) error {
			_, err := cli.Run(ctx, "s3api", "put-object", "--bucket", bucket, "--key", "once", "--body", file,
				"--if-none-match", "*")
			return err
		}
		Expect(create("first")).To(Succeed())
		Expect(create("second")).To(MatchError(ContainSubstring("PreconditionFailed")))
		aws(ctx, "s3", "cp", "--quiet", "s3://"+bucket+"/once", "down")
		Expect(string(read("down"))).To(Equal("first"))
	}, SpecTimeout(harness.SpecTimeout))

	It("finds the metadata that it put", func(ctx SpecContext) {
		write("few", []byte("few"))
		aws(ctx, "s3", "cp", "--quiet", "few", "s3://"+bucket+"/described", "--metadata",
			"stamp=1764434300123456789,origin="+west,
			"--content-type", "text/x-test")
		Expect(aws(ctx, "s3api", "head-object", "--bucket", bucket, "--key", "described", "--query",
			"[Metadata, ContentType]")).
			To(MatchJSON(`[{"stamp": "1764434300123456789", "origin": "us-west-2"}, "text/x-test"]`))
	}, SpecTimeout(harness.SpecTimeout))
})
