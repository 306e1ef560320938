package topology

// AWS is what serves S3 and DynamoDB in a lab.
type AWS string

// What can serve S3 and DynamoDB. Empty is AWSAuto.
const (
	// what is at hand, else LocalStack where a registry has it, else programs from packages
	AWSAuto       AWS = "auto"
	AWSLocalStack AWS = "localstack" // LocalStack: both, or without a registry S3 alone, and DynamoDB from packages
	AWSPackages   AWS = "packages"   // versitygw and moto
)

// AWSChoices are the values of Topology.AWS.
func AWSChoices() []AWS { return []AWS{AWSAuto, AWSLocalStack, AWSPackages} }

// Or is another choice where this one leaves it open.
func (a AWS) Or(other AWS) AWS {
	if a == "" || a == AWSAuto {
		return other
	}
	return a
}
