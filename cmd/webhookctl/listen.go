package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/docevent/webhook"
)

type listenCmd struct {
	Port        uint16        `default:"8787" help:"Port on 127.0.0.1; 0 chooses one."`
	Status      int           `default:"200" help:"What to answer; requests that are not verified get a 401."`
	Delay       time.Duration `help:"How long to wait before the answer."`
	Count       int           `help:"Stop after so many requests."`
	ShowHeaders bool          `help:"Show the values of all headers, also those that may be secret."`
	secretFlags
}

// Help is shown by --help.
func (*listenCmd) Help() string {
	return "Shows each request that comes, its body indented if it is JSON. " +
		"With a secret, in WEBHOOK_SECRET or a file, it verifies the signatures; without one, " +
		"it says that nothing was verified. Ends with Ctrl-C. " +
		"With --json: one line for each request."
}

// maxListenBody bounds the body of a request.
const maxListenBody = 8 << 20

// Run receives until ctx ends.
func (cmd *listenCmd) Run(ctx context.Context, c *console) error {
	if cmd.Status < 200 || cmd.Status > 599 {
		return usagef("--status: %d is not between 200 and 599", cmd.Status)
	}
	v, err := cmd.verifier(ctx, c)
	if err != nil {
		return err
	}
	v.MaxBodyBytes = maxListenBody
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(cmd.Port))))
	if err != nil {
		return err
	}
	verifying := "not verifying: WEBHOOK_SECRET is not set, and no --secret-file given"
	if len(v.Secrets) > 0 {
		verifying = "verifying with " + count(len(v.Secrets), "secret")
	}
	c.note("listening on http://%s, %s; Ctrl-C ends it", l.Addr(), verifying)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	return serve(ctx, l, &listener{
		cmd: cmd, verifier: v, console: c, stop: stop, answered: ctx.Done(),
	})
}

// serve serves until ctx ends, and lets requests finish for a few seconds.
func serve(ctx context.Context, l net.Listener, h *listener) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		server.Close() // a client that does not finish is cut off
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return h.failure()
}

// A listener shows and answers requests.
type listener struct {
	cmd      *listenCmd
	verifier *webhook.Verifier
	stop     context.CancelFunc
	answered <-chan struct{} // closed when no more is to be answered late

	mu      sync.Mutex // guards the fields below
	console *console
	seen    int
	err     error // of the output
}

// received is a request as it is shown.
type received struct {
	Time     time.Time   `json:"time"`
	Method   string      `json:"method"`
	URL      string      `json:"url"`
	Header   http.Header `json:"header"`
	Body     string      `json:"body"`            // if it is UTF-8
	Bytes    []byte      `json:"bytes,omitempty"` // if it is not, in base64
	Verified *bool       `json:"verified"`        // null: there is no secret to verify with
	Error    string      `json:"error,omitempty"` // why it is not verified, or not whole
	Status   int         `json:"status"`          // the answer
}

// ServeHTTP implements [http.Handler].
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shown := l.receive(r)
	if l.cmd.Delay > 0 {
		select {
		case <-time.After(l.cmd.Delay):
		case <-r.Context().Done():
		case <-l.answered:
		}
	}
	w.WriteHeader(shown.Status)
	l.show(shown) // before the answer is sent: what follows it is shown behind it
}

// receive reads and verifies a request.
func (l *listener) receive(r *http.Request) *received {
	shown := &received{Time: time.Now(), Method: r.Method, URL: r.URL.RequestURI(),
		Header: l.header(r.Header), Status: l.cmd.Status}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxListenBody+1))
	if len(body) > maxListenBody {
		err, body = webhook.ErrBodyTooLarge, nil
	}
	if err != nil {
		shown.Status = http.StatusBadRequest
	} else if len(l.verifier.Secrets) > 0 {
		err = verify(l.verifier, r.Header, body)
		verified := err == nil
		if shown.Verified = &verified; !verified {
			shown.Status = http.StatusUnauthorized
		}
	}
	if err != nil {
		shown.Error = err.Error()
	}
	if utf8.Valid(body) {
		shown.Body = string(body)
	} else {
		shown.Bytes = body
	}
	return shown
}

// header masks what may be secret.
func (l *listener) header(h http.Header) http.Header {
	shown := http.Header{}
	for key, values := range h {
		if !l.cmd.ShowHeaders && !l.public(key) {
			values = []string{"[masked]"}
		}
		shown[key] = values
	}
	return shown
}

// public reports whether a header holds no secret. A signature is none: it can
// be given to verify --header to be checked.
func (l *listener) public(key string) bool {
	switch key {
	case "Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type",
		"Date", "User-Agent", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature",
		"X-Frappe-Webhook-Signature",
		http.CanonicalHeaderKey(l.cmd.SignatureHeader):
		return true
	}
	return strings.HasPrefix(key, "X-Webhook-") && key != "X-Webhook-Secret"
}

// show prints a request, and ends the command when it was the last.
func (l *listener) show(r *received) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen++
	err := l.print(r)
	if err == nil {
		err = l.console.flush()
	}
	if l.err = errors.Join(l.err, err); l.err != nil || l.seen == l.cmd.Count {
		l.stop()
	}
}

func (l *listener) print(r *received) error {
	c := l.console
	if c.json {
		return c.record(r)
	}
	verdict := "not verified"
	switch {
	case r.Error != "":
		verdict = c.paint(c.colors, red, verdict+": "+clean(r.Error))
	case r.Verified != nil:
		verdict = c.word("verified")
	}
	c.line("%s %s %s -> %d, %s",
		r.Time.Format("15:04:05.000"), clean(r.Method), clean(r.URL), r.Status, verdict)
	printHeader(c, r.Header)
	body := r.Bytes
	if body == nil {
		body = indented([]byte(r.Body))
	}
	printBody(c, body)
	c.line("")
	return nil
}

// failure returns why the output failed.
func (l *listener) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return fmt.Errorf("show a request: %w", l.err)
	}
	return nil
}
