package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// A listening is a listen command that runs in this process.
type listening struct {
	url  string
	out  *bufio.Reader
	stop context.CancelFunc
	done chan int // its exit code
	said string   // its first line on stderr
}

// listen starts a receiver on a port of its own.
func listen(t *testing.T, args ...string) *listening {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	out, stdout := pipe(t)
	err, stderr := pipe(t)
	l := &listening{out: bufio.NewReader(out), stop: stop, done: make(chan int, 1)}
	go func() {
		l.done <- run(ctx, append([]string{"listen", "--port", "0"}, args...), strings.NewReader(""), stdout, stderr)
		stdout.Close()
		stderr.Close()
	}()
	line, readErr := bufio.NewReader(err).ReadString('\n')
	require.NoError(t, readErr)
	l.said = line
	l.url = regexp.MustCompile(`http://[^,]+`).FindString(line)
	require.NotEmpty(t, l.url, line)
	return l
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func post(t *testing.T, url, body string, header http.Header) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	require.NoError(t, err)
	for key, values := range header {
		req.Header[key] = values
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

func signed(secret, body string) http.Header {
	return http.Header{"X-Frappe-Webhook-Signature": {webhook.Sign(secret, []byte(body))}}
}

// What a developer sees of a request that is right, of one that is not, and of
// what would steer the terminal; secrets are not shown.
func TestListenGolden(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "s3cret-s3cret")
	l := listen(t, "--count", "3", "--status", "202", "--accept-secret-header")
	require.Contains(t, l.said, "verifying with 1 secret")

	const body = `{"order":"SO-1","total":1.50}`
	header := signed("s3cret-s3cret", body)
	header.Set("Authorization", "Bearer hunter2")
	header.Set("X-Webhook-Secret", "s3cret-s3cret")
	require.Equal(t, 202, post(t, l.url+"/orders?x=1", body, header))
	require.Equal(t, 401, post(t, l.url+"/", body, signed("another", body)))
	const hostile = "\x1b]0;gotcha\x07 \u202e text"
	require.Equal(t, 202, post(t, l.url+"/%1b", hostile, signed("s3cret-s3cret", hostile)))
	require.Equal(t, exitDone, <-l.done)
	out, err := io.ReadAll(l.out)
	require.NoError(t, err)
	require.NotContains(t, string(out), "hunter2")
	require.NotContains(t, string(out), "s3cret")
	golden(t, "listen", steady(string(out)))
}

// With --json each request is one line, bodies that are no text in base64.
func TestListenJSON(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "")
	l := listen(t, "--json", "--show-headers")
	require.Contains(t, l.said, "not verifying")
	require.Equal(t, 200, post(t, l.url+"/a", "text", http.Header{"Authorization": {"Bearer x"}}))
	require.Equal(t, 200, post(t, l.url+"/b", "\xff\xfe", nil))
	var first, second received
	for _, r := range []*received{&first, &second} {
		line, err := l.out.ReadBytes('\n')
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(line, r))
	}
	require.Equal(t, "text", first.Body)
	require.Nil(t, first.Verified)
	require.Equal(t, "Bearer x", first.Header.Get("Authorization"))
	require.Equal(t, []byte("\xff\xfe"), second.Bytes)
	l.stop() // what Ctrl-C does
	require.Equal(t, exitDone, <-l.done)
}

// A body beyond the bound is refused, and the receiver goes on.
func TestListenBoundsBodies(t *testing.T) {
	t.Setenv("WEBHOOK_SECRET", "")
	l := listen(t, "--count", "2")
	require.Equal(t, 400, post(t, l.url, strings.Repeat("x", maxListenBody+1), nil))
	require.Equal(t, 200, post(t, l.url, "x", nil))
	require.Equal(t, exitDone, <-l.done)
}
