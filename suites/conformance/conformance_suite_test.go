package conformance_test

import (
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	EnforceDefaultTimeoutsWhenUsingContexts()
	// Which specs there are follows from the store.
	aws, err := image.ParseAWS(os.Getenv("REGIONFALL_AWS"))
	if err != nil {
		t.Fatal(err)
	}
	images, err := image.Ensure(t.Context(), image.Options{AWS: aws})
	if err != nil {
		t.Fatal(err)
	}
	s3 := images.Servers[topology.ServiceS3]
	can = s3.Can
	RunSpecs(t, "The S3 that the lab and its apps rely on: "+s3.String())
}
