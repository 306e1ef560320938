package configs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/server"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/topology"
)

// The two services of Git's smart HTTP protocol (gitprotocol-http): for who fetches, and for who pushes.
const (
	uploadPack  = "git-upload-pack"
	receivePack = "git-receive-pack"
)

// maxPush bounds what is pushed at once. The documents are a few thousand bytes.
const maxPush = 4 << 20

// errFetchFirst is a push on top of what is not the head any more, as Git itself words it.
var errFetchFirst = errors.New("fetch first")

// Load gives the storage to go-git's server, which has one repository whatever it is asked for.
func (r *repository) Load(*transport.Endpoint) (storer.Storer, error) { return r.storage, nil }

func (r *repository) gitRoutes(mux *http.ServeMux) {
	git := server.NewServer(r)
	const at = "/" + topology.RepositoryName + "/"
	mux.HandleFunc("GET "+at+"info/refs", func(w http.ResponseWriter, req *http.Request) {
		name := req.URL.Query().Get("service")
		if name != uploadPack && name != receivePack {
			http.Error(w, "a client that speaks Git's smart protocol is needed", http.StatusForbidden)
			return
		}
		r.answer(req.Context(), w, name+"-advertisement", func(ctx context.Context, w io.Writer) error {
			refs, err := advertised(ctx, git, name)
			if err != nil {
				return err
			}
			refs.Prefix = [][]byte{[]byte("# service=" + name), pktline.Flush}
			return refs.Encode(w)
		})
	})
	mux.HandleFunc("POST "+at+uploadPack, func(w http.ResponseWriter, req *http.Request) {
		body, err := pushed(w, req)
		r.answer(req.Context(), w, uploadPack+"-result", func(ctx context.Context, w io.Writer) error {
			if err != nil {
				return err
			}
			return sendPack(ctx, git, body, w)
		})
	})
	mux.HandleFunc("POST "+at+receivePack, func(w http.ResponseWriter, req *http.Request) {
		body, err := pushed(w, req)
		r.answer(req.Context(), w, receivePack+"-result", func(_ context.Context, w io.Writer) error {
			if err != nil {
				return err
			}
			if string(body) == "0000" {
				return nil // Git asks whether it may, before it sends much
			}
			push := packp.NewReferenceUpdateRequest()
			if err := push.Decode(bytes.NewReader(body)); err != nil {
				return badRequest{err}
			}
			report := r.receive(push)
			if !push.Capabilities.Supports(capability.ReportStatus) {
				return nil
			}
			return report.Encode(w)
		})
	})
}

// advertised is what the service says of itself.
func advertised(ctx context.Context, git transport.Transport, service string) (*packp.AdvRefs, error) {
	if service == uploadPack {
		session, err := git.NewUploadPackSession(nil, nil)
		if err != nil {
			return nil, err
		}
		return session.AdvertisedReferencesContext(ctx)
	}
	session, err := git.NewReceivePackSession(nil, nil)
	if err != nil {
		return nil, err
	}
	refs, err := session.AdvertisedReferencesContext(ctx)
	if err == nil {
		err = refs.Capabilities.Set(capability.Capability("no-thin")) // go-git takes whole packs only
	}
	return refs, err
}

// sendPack writes a pack of all there is to who fetches.
func sendPack(ctx context.Context, git transport.Transport, body []byte, w io.Writer) error {
	if !bytes.Contains(body, []byte("0009done\n")) {
		// It tells what it has, and waits to hear what of it is known. Nothing is, and so it is given all there is.
		return pktline.NewEncoder(w).EncodeString("NAK\n")
	}
	wants := packp.NewUploadPackRequest()
	if err := wants.Decode(bytes.NewReader(body)); err != nil {
		return badRequest{err}
	}
	session, err := git.NewUploadPackSession(nil, nil)
	if err != nil {
		return err
	}
	pack, err := session.UploadPack(ctx, wants)
	if err != nil {
		return err
	}
	return pack.Encode(w)
}

// answer writes an answer of Git's protocol, once it is complete. One at a time is made, to its end also when nobody
// waits for it any more: go-git's storage is for one.
func (r *repository) answer(ctx context.Context, w http.ResponseWriter, kind string,
	make func(ctx context.Context, w io.Writer) error,
) {
	var body bytes.Buffer
	err := func() error {
		r.mu.Lock()
		// also when go-git panics over what was pushed: the server goes on then, and so must the repository
		defer r.mu.Unlock()
		return make(context.WithoutCancel(ctx), &body)
	}()
	switch {
	case errors.As(err, new(badRequest)):
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case err != nil:
		slog.Error("not answered", "kind", kind, "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-"+kind)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(body.Bytes()) // the client is gone, or reads it
}

// badRequest is what was sent wrong.
type badRequest struct{ error }

// receive takes what was pushed, each branch for itself, with the lock held.
func (r *repository) receive(push *packp.ReferenceUpdateRequest) *packp.ReportStatus {
	report := packp.NewReportStatus()
	report.UnpackStatus = "ok"
	if push.Packfile != nil {
		if err := packfile.UpdateObjectStorage(r.storage, push.Packfile); err != nil &&
			!errors.Is(err, packfile.ErrEmptyPackfile) {
			report.UnpackStatus = runtime.OneLine(err)
		}
	}
	for _, c := range push.Commands {
		status := &packp.CommandStatus{ReferenceName: c.Name, Status: "ok"}
		switch err := error(nil); {
		case report.UnpackStatus != "ok":
			status.Status = "not unpacked"
		case c.Name != mainBranch || c.Action() != packp.Update:
			status.Status = fmt.Sprintf("there is one branch, %s, and it stays", mainBranch.Short())
		default:
			if err = r.accept(c.Old, c.New); err != nil {
				status.Status = runtime.OneLine(err)
			}
		}
		report.CommandStatuses = append(report.CommandStatuses, status)
	}
	return report
}

// pushed reads a body, which Git sends packed when it is long.
func pushed(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(w, req.Body, maxPush)
	if req.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, badRequest{err}
		}
		body = http.MaxBytesReader(w, unpacked, maxPush)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, badRequest{err}
	}
	return data, nil
}
