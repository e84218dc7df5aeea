package webhook

import (
	"context"
	"errors"
	"strings"

	"github.com/docevent/webhook/internal/endpoint"
	"github.com/docevent/webhook/internal/jinja"
	"github.com/docevent/webhook/internal/value"
)

// A urlTemplate is a dynamic URL.
type urlTemplate struct {
	t       *jinja.Template
	anyHost bool // values may stand in scheme, host and port
}

// maxURLBytes bounds a URL, as most servers do.
const maxURLBytes = 8 << 10

var (
	errDynamicHost = errors.New("a value stands in the scheme, host or port; " +
		"write them out, or set Options.DynamicHosts")
	errURLTooLong = errors.New("the URL is longer than 8 KiB")
	errDotSegment = errors.New(`a value makes a path segment "." or "..", which leads elsewhere`)
)

// dynamicURL compiles the webhook's URL. The endpoint is the one its text
// names, "" if values may stand there.
func (c *compiler) dynamicURL(w *Webhook) (*urlTemplate, string, error) {
	t, err := c.env.Template("url", w.URL, w.lang())
	if err != nil {
		return nil, "", &fieldError{field: "URL", err: concealLine(err)}
	}
	u := &urlTemplate{t: t, anyHost: c.opts.DynamicHosts}
	if u.anyHost {
		return u, "", nil
	}
	// One trial of the text before the first value tells the endpoint; each
	// rendering is held to it, so a branch cannot lead elsewhere.
	prefix, _, _ := strings.Cut(w.URL, "{")
	end := authorityEnd(prefix)
	if end < 0 && prefix == w.URL {
		end = len(prefix)
	}
	if end < 0 {
		return nil, "", &fieldError{field: "URL", err: errDynamicHost}
	}
	parsed, err := endpoint.Parse(prefix[:end])
	if err != nil {
		return nil, "", &fieldError{field: "URL", err: err}
	}
	return u, endpoint.Endpoint(parsed), nil
}

// render returns the URL of an event. at is the endpoint it must lead to, ""
// for any.
func (u *urlTemplate) render(s *jinja.Scope, at string) (raw string, err error) {
	defer contain(&err, "URL")
	sink := &urlSink{anyHost: u.anyHost}
	if err := u.t.Render(context.Background(), s, sink); err != nil {
		return "", concealLine(err)
	}
	if err := sink.closeSegment(); err != nil {
		return "", err
	}
	parsed, err := endpoint.Parse(strings.TrimSpace(string(sink.dst)))
	if err != nil {
		return "", err
	}
	if at != "" && endpoint.Endpoint(parsed) != at {
		return "", errDynamicHost
	}
	return parsed.String(), nil
}

// concealLine returns a template's error without the line it stands in: a URL may
// hold a secret.
func concealLine(err error) error {
	var te *jinja.Error
	if !errors.As(err, &te) {
		return err
	}
	concealed := *te
	concealed.SourceLine = ""
	return &concealed
}

// authorityEnd returns where the scheme, host and port of a URL end: at the
// first "/", "?" or "#" behind "://". -1: they may go on.
func authorityEnd(url string) int {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return -1
	}
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		return -1
	}
	return len(url) - len(rest) + i
}

// A urlSink writes a URL: the template's text as it is, values percent-encoded
// for where they stand, so that none can leave its path segment or query value.
type urlSink struct {
	dst     []byte
	anyHost bool
	query   bool // behind the first "?"
	filled  bool // a value has been written in this path segment
}

// Text implements [jinja.Sink].
func (s *urlSink) Text(text string) error {
	for i := range len(text) {
		if err := s.byte(text[i]); err != nil {
			return err
		}
	}
	return s.check()
}

// byte adds a byte of the template's own text.
func (s *urlSink) byte(c byte) error {
	var err error
	if c == '?' || c == '#' || c == '/' && !s.query {
		err = s.closeSegment()
	}
	s.query = s.query || c == '?' || c == '#'
	s.dst = append(s.dst, c)
	return err
}

// closeSegment refuses a segment that values made "." or "..". To encode the dots
// would not help: RFC 3986 section 6.2.2.2 makes "%2E" the same as ".", so that
// servers may follow it upwards.
func (s *urlSink) closeSegment() error {
	if !s.filled {
		return nil
	}
	s.filled = false
	start := strings.LastIndexByte(string(s.dst), '/') + 1
	switch string(s.dst[start:]) {
	case ".", "..":
		return errDotSegment
	}
	return nil
}

// Value implements [jinja.Sink].
func (s *urlSink) Value(v any) error {
	free := authorityEnd(string(s.dst)) < 0
	if free && !s.anyHost {
		return errDynamicHost
	}
	v = value.Kept(v)
	text, err := value.Str(v)
	if err != nil {
		return err
	}
	if value.IsUndefined(v) || v == nil {
		text = ""
	}
	if _, safe := v.(value.Safe); safe || free {
		return s.Text(text)
	}
	s.filled = s.filled || !s.query
	if _, encoded := v.(value.Encoded); encoded {
		s.dst = append(s.dst, encodedHere.Replace(text)...)
	} else {
		s.dst = appendEscaped(s.dst, text)
	}
	return s.check()
}

// encodedHere makes what urlencode gave fit for any place of a URL: it leaves
// slashes, and writes a blank as "+", which is one in a query only.
var encodedHere = strings.NewReplacer("/", "%2F", "+", "%20")

func (s *urlSink) check() error {
	if len(s.dst) > maxURLBytes {
		return errURLTooLong
	}
	return nil
}
