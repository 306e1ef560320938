package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// ManifestForm says how the manifests of a bucket are written: JSON documents with a list of other objects. List, Key
// and SHA256 are fields, as keys with dots between; the latter two are of each item of the list.
type ManifestForm struct {
	Bucket, Prefix    string
	List, Key, SHA256 string
}

// Manifest is one object that names others.
type Manifest struct {
	Key   string
	Names []NamedObject
}

// NamedObject is an object that a manifest names, with the hash that it says, and that of what is there; an empty Found
// is an object that is not.
type NamedObject struct {
	Key    string
	SHA256 string
	Found  string
}

// Manifests reads all manifests of a bucket, and every object that they name, and hashes that. A bucket that is not
// there has none. A manifest that can't be understood is an error.
func Manifests(ctx context.Context, client *s3.Client, form ManifestForm) ([]Manifest, error) {
	keys, err := ObjectIDs(ctx, client, form.Bucket, form.Prefix, "")
	if err != nil {
		return nil, err
	}
	all := make([]Manifest, len(keys))
	found := &hashes{of: map[string]string{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Calls)
	for i, key := range keys {
		key = form.Prefix + key
		group.Go(func() error {
			body, err := body(ctx, client, form.Bucket, key)
			if err != nil {
				return fmt.Errorf("read manifest %s: %w", key, err)
			}
			names, err := form.names(body)
			if err != nil {
				return fmt.Errorf("read manifest %s: %w", key, err)
			}
			for n := range names {
				if names[n].Found, err = found.hash(ctx, client, form.Bucket, names[n].Key); err != nil {
					return fmt.Errorf("read %s, which manifest %s names: %w", names[n].Key, key, err)
				}
			}
			all[i] = Manifest{Key: key, Names: names}
			return nil
		})
	}
	return all, group.Wait()
}

// hashes are those of objects that were looked at.
type hashes struct {
	mu sync.Mutex
	of map[string]string
}

func (h *hashes) hash(ctx context.Context, client *s3.Client, bucket, key string) (string, error) {
	h.mu.Lock()
	known, is := h.of[key]
	h.mu.Unlock()
	if is {
		return known, nil
	}
	content, err := body(ctx, client, bucket, key)
	sum := ""
	switch {
	case HasCode(err, "NoSuchKey", "NotFound"):
	case err != nil:
		return "", err
	default:
		hash := sha256.Sum256(content)
		sum = hex.EncodeToString(hash[:])
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of[key] = sum
	return sum, nil
}

func body(ctx context.Context, client *s3.Client, bucket, key string) ([]byte, error) {
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	return io.ReadAll(object.Body)
}

// names are the objects that a manifest names.
func (f ManifestForm) names(content []byte) ([]NamedObject, error) {
	var document any
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	list, is := fieldOf(document, f.List).([]any)
	if !is {
		return nil, fmt.Errorf("its %s is no list", f.List)
	}
	names := make([]NamedObject, len(list))
	for i, item := range list {
		key, isKey := fieldOf(item, f.Key).(string)
		sum, isSum := fieldOf(item, f.SHA256).(string)
		if !isKey || key == "" || f.SHA256 != "" && !isSum {
			return nil, fmt.Errorf("item %d of %s has no %s and %s that are texts", i, f.List, f.Key, f.SHA256)
		}
		names[i] = NamedObject{Key: key, SHA256: strings.ToLower(sum)}
	}
	return names, nil
}

// fieldOf is a field of a document; nil: it has none.
func fieldOf(document any, field string) any {
	if field == "" {
		return nil
	}
	for key := range strings.SplitSeq(field, ".") {
		switch d := document.(type) {
		case map[string]any:
			document = d[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n < 0 || n >= len(d) {
				return nil
			}
			document = d[n]
		default:
			return nil
		}
	}
	return document
}
