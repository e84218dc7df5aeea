package webhook_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// secretURL is for requests whose errors must not tell it.
const secretURL = "http://hook.example/services/" + secretText + "?token=" + secretText

const secretText = "s3cr3t"

// A pipeNetwork answers every name with one public address and connects it to
// serve over net.Pipe, so that no packet leaves the process and time is the
// bubble's.
type pipeNetwork struct {
	serve func(net.Conn)
	conns atomic.Int32 // connections made
	live  sync.WaitGroup
}

func (n *pipeNetwork) resolve(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.31.196.1")}, nil
}

func (n *pipeNetwork) connect(context.Context, string, string) (net.Conn, error) {
	n.conns.Add(1)
	client, server := net.Pipe()
	n.live.Go(func() {
		defer server.Close()
		n.serve(server)
	})
	return client, nil
}

// newPipeTransport returns a transport to an endpoint that serve plays. At the
// end of the test nothing of either is left.
func newPipeTransport(t *testing.T, opts *webhook.HTTPOptions, serve func(net.Conn)) (
	*webhook.HTTPTransport, *pipeNetwork) {
	n := &pipeNetwork{serve: serve}
	tr := webhook.NewHTTPTransport(opts)
	tr.SetNetwork(n.resolve, n.connect)
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		n.live.Wait()
	})
	return tr, n
}

func post(url string) *webhook.Request {
	return &webhook.Request{
		Method:  http.MethodPost,
		URL:     url,
		Header:  http.Header{"Content-Type": {"application/json"}, "X-Webhook-Secret": {secretText}},
		Body:    []byte(`{"name":"SINV-1"}`),
		Webhook: "orders",
		Attempt: 1,
	}
}

// readRequest reads one request whole and reports whether there was one.
func readRequest(r *bufio.Reader) (*http.Request, bool) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return nil, false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return req, err == nil
}

// afterRequest makes an endpoint that reads one request and goes on in its own
// way.
func afterRequest(answer func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		if _, ok := readRequest(bufio.NewReader(c)); ok {
			answer(c)
		}
	}
}

// hold keeps a connection open until the other side closes it.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// repeat writes text every so often until the other side closes. No text is
// written twice faster than the reader takes it.
func repeat(c net.Conn, text string, every time.Duration) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
		if every > 0 {
			time.Sleep(every)
		}
	}
}

// An authority issues certificates for tests, valid at the bubble's time too.
type authority struct {
	pool *x509.CertPool
	leaf tls.Certificate
}

var newAuthority = sync.OnceValue(func() *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		DNSNames:              []string{"hook.example"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:             time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	a := &authority{pool: x509.NewCertPool()}
	a.pool.AddCert(certificate)
	a.leaf = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return a
})

// trust is an HTTPOptions.TLS that trusts the tests' authority.
func trust() func(string) *tls.Config {
	config := &tls.Config{RootCAs: newAuthority().pool}
	return func(string) *tls.Config { return config }
}

// overTLS wraps an endpoint in TLS with the tests' certificate. It speaks the
// protocols given, HTTP/1.1 if none.
func overTLS(serve func(net.Conn), protocols ...string) func(net.Conn) {
	config := &tls.Config{Certificates: []tls.Certificate{newAuthority().leaf}, NextProtos: protocols}
	return func(c net.Conn) { serveTLS(c, config, serve) }
}

func serveTLS(c net.Conn, config *tls.Config, serve func(net.Conn)) {
	near, said := buffered(c)
	secure := tls.Server(near, config)
	if secure.Handshake() == nil {
		serve(secure)
	}
	secure.Close()
	<-said
}

// buffered takes what the other side of c writes before it is read: on a bare
// net.Pipe the two sides of a TLS handshake wait for each other. said is
// closed when the last words of near, once closed, have been passed on.
func buffered(c net.Conn) (near net.Conn, said <-chan struct{}) {
	near, far := net.Pipe()
	go func() {
		_, _ = io.Copy(far, c)
		far.Close()
	}()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(c, far)
		c.Close()
		far.Close()
		close(done)
	}()
	return near, done
}

func requireConcealed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		require.NotContains(t, err.Error(), secretText)
		require.NotContains(t, err.Error(), "SINV-1")
	}
}
