package webhook_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

const ok200 = "HTTP/1.1 200 OK\r\n"

// bomb is 80 MiB of zeros, compressed to 80 KiB, in 80 members.
func bomb() string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.Close()
	return strings.Repeat(b.String(), 80)
}

func say(text string) func(net.Conn) {
	return afterRequest(func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		hold(c)
	})
}

func sayAndClose(text string) func(net.Conn) {
	return afterRequest(func(c net.Conn) { _, _ = io.WriteString(c, text) })
}

func sayAndRepeat(text, again string, every time.Duration) func(net.Conn) {
	return afterRequest(func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		repeat(c, again, every)
	})
}

// Whatever an endpoint does, an attempt ends in time, in bounded memory and
// with its class, and it has a status exactly when a header came whole.
func TestHostileEndpoints(t *testing.T) {
	const gzipped = ok200 + "Content-Encoding: gzip\r\n"
	bombBytes := bomb()
	for _, tt := range []struct {
		name   string
		serve  func(net.Conn)
		status int           // 0: no response
		class  string        // of the error, or of BodyErr
		body   int           // length of the excerpt
		took   time.Duration // on the bubble's clock
	}{
		{"never reads", func(net.Conn) { time.Sleep(time.Minute) }, 0, "timeout", 0, 15 * time.Second},
		{"never answers", hold, 0, "timeout", 0, 15 * time.Second},
		{"drips the status line", sayAndRepeat("HTTP/1.1 200 ", "O", time.Second), 0, "timeout", 0, 15 * time.Second},
		{"drips header lines", sayAndRepeat(ok200, "X-A: b\r\n", time.Second), 0, "timeout", 0, 15 * time.Second},
		{"stops in the header", say(ok200 + "X-A: "), 0, "timeout", 0, 15 * time.Second},
		{"drips interim responses",
			sayAndRepeat("", "HTTP/1.1 103 Early Hints\r\n\r\n", time.Second), 0, "timeout", 0, 15 * time.Second},
		{"endless header lines", sayAndRepeat(ok200, "X-A: b\r\n", 0), 0, "too_large", 0, 0},
		{"one endless header line", sayAndRepeat(ok200+"X-A: ", "bbbbbbbb", 0), 0, "too_large", 0, 0},
		{"endless status line", sayAndRepeat("HTTP/1.1 200 ", "OOOOOOOO", 0), 0, "too_large", 0, 0},
		{"interim responses flood",
			sayAndRepeat("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0), 0, "too_large", 0, 0},
		{"100 flood", sayAndRepeat("", "HTTP/1.1 100 Continue\r\n\r\n", 0), 0, "too_large", 0, 0},
		{"closes at once", func(net.Conn) {}, 0, "reset", 0, 0},
		{"closes after the request", sayAndClose(""), 0, "reset", 0, 0},
		{"closes in the status line", sayAndClose("HTTP/1.1 2"), 0, "protocol", 0, 0},
		{"closes in the header", sayAndClose(ok200 + "X-A: b\r\n"), 0, "reset", 0, 0},
		{"speaks SSH", say("SSH-2.0-OpenSSH_9.6\r\n"), 0, "protocol", 0, 0},
		{"speaks nothing", say("\x00\x01\x02\x03\xff\xfe\r\n\r\n"), 0, "protocol", 0, 0},
		{"echoes the secret as a status line", say(secretText + " SINV-1\r\n\r\n"), 0, "protocol", 0, 0},
		{"echoes the secret as a status code", say("HTTP/1.1 " + secretText + "\r\n\r\n"), 0, "protocol", 0, 0},
		{"echoes the secret as a header", say(ok200 + secretText + " SINV-1\r\n\r\n"), 0, "protocol", 0, 0},
		{"echoes the secret as a length",
			say(ok200 + "Content-Length: " + secretText + "\r\n\r\n"), 0, "protocol", 0, 0},
		{"echoes the secret as an encoding",
			say(ok200 + "Transfer-Encoding: " + secretText + "\r\n\r\n"), 0, "protocol", 0, 0},
		{"two lengths", say(ok200 + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 0, "protocol", 0, 0},
		{"negative length", say(ok200 + "Content-Length: -1\r\n\r\n"), 0, "protocol", 0, 0},

		{"drips a body of known length",
			sayAndRepeat(ok200+"Content-Length: 100\r\n\r\n", "x", 300*time.Millisecond), 200,
			"timeout", 4, time.Second},
		{"drips a body of no length", sayAndRepeat(ok200+"\r\n", "x", 300*time.Millisecond), 200,
			"timeout", 4, time.Second},
		{"drips chunks", sayAndRepeat(ok200+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 300*time.Millisecond),
			200, "timeout", 4, time.Second},
		{"body never begins", say(ok200 + "Content-Length: 10\r\n\r\n"), 200, "timeout", 0, time.Second},
		{"body never ends", say(ok200 + "\r\nok"), 200, "timeout", 2, time.Second},
		{"error with a body that never ends", say("HTTP/1.1 500 Oops\r\n\r\nno"), 500, "timeout", 2, time.Second},
		{"late header, body never ends", afterRequest(func(c net.Conn) {
			time.Sleep(14500 * time.Millisecond)
			_, _ = io.WriteString(c, ok200+"\r\nok")
			hold(c)
		}), 200, "timeout", 2, 15 * time.Second},
		{"body shorter than its length", sayAndClose(ok200 + "Content-Length: 10\r\n\r\nshort"), 200, "reset", 5, 0},
		{"body longer than its length", say(ok200 + "Content-Length: 2\r\n\r\nokay, and more"), 200, "", 2, 0},
		{"chunks stop", sayAndClose(ok200 + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello"), 200, "reset", 5, 0},
		{"chunks are garbage",
			say(ok200 + "Transfer-Encoding: chunked\r\n\r\n" + secretText + "\r\n"), 200, "protocol", 0, 0},
		{"chunk extensions flood",
			sayAndRepeat(ok200+"Transfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("e", 2000)+"\r\nx\r\n", 0),
			200, "protocol", 8, 0},
		{"body flood", sayAndRepeat(ok200+"\r\n", strings.Repeat("x", 1<<10), 0), 200, "too_large", 64 << 10, 0},
		{"body of an announced terabyte",
			sayAndRepeat(ok200+"Content-Length: 1099511627776\r\n\r\n", strings.Repeat("x", 1<<10), 0),
			200, "too_large", 64 << 10, 0},
		{"gzip bomb", say(gzipped + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(bombBytes)) + bombBytes),
			200, "too_large", 64 << 10, 0},
		{"gzip bomb below the limit", say(gzipped + "Content-Length: 60000\r\n\r\n" + bombBytes[:60000]),
			200, "", 60000, 0},
		{"switches protocols", say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxx"),
			101, "", 0, 0},
		{"redirects to loopback",
			say("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"),
			307, "", 0, 0},
		{"no content", say("HTTP/1.1 204 No Content\r\n\r\n"), 204, "", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, _ := newPipeTransport(t, nil, tt.serve)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				start, before := time.Now(), allocated()
				resp, err := tr.Send(ctx, post(secretURL))
				require.Less(t, allocated()-before, uint64(2<<20), "bytes allocated")
				require.Equal(t, tt.took, time.Since(start))
				requireConcealed(t, err)
				if tt.status == 0 {
					require.Nil(t, resp)
					require.Equal(t, tt.class, webhook.ErrorClass(err))
					require.ErrorContains(t, err, "http://hook.example/services/...")
					return
				}
				require.NoError(t, err)
				require.Equal(t, tt.status, resp.StatusCode)
				require.Equal(t, tt.class, webhook.ErrorClass(resp.BodyErr), "%v", resp.BodyErr)
				require.Len(t, resp.Body, tt.body)
				requireConcealed(t, resp.BodyErr)
			})
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestHostileTLS(t *testing.T) {
	answer := say(ok200 + "Content-Length: 2\r\n\r\nok")
	old := func(c net.Conn) {
		serveTLS(c, &tls.Config{
			Certificates: []tls.Certificate{newAuthority().leaf},
			MinVersion:   tls.VersionTLS10,
			MaxVersion:   tls.VersionTLS11,
		}, answer)
	}
	for _, tt := range []struct {
		name   string
		config func(string) *tls.Config
		url    string
		serve  func(net.Conn)
		class  string
		took   time.Duration
	}{
		{"trusted", trust(), "https://hook.example/", overTLS(answer), "", 0},
		{"unknown authority", nil, "https://hook.example/", overTLS(answer), "tls", 0},
		{"another name", trust(), "https://other.example/", overTLS(answer), "tls", 0},
		{"TLS 1.1 at most", trust(), "https://hook.example/", old, "tls", 0},
		{"TLS 1.0 asked for", func(string) *tls.Config {
			return &tls.Config{RootCAs: newAuthority().pool, MinVersion: tls.VersionTLS10}
		}, "https://hook.example/", old, "tls", 0},
		{"plain HTTP", trust(), "https://hook.example/", func(c net.Conn) {
			go hold(c)
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			time.Sleep(time.Second)
		}, "tls", 0},
		{"closes", trust(), "https://hook.example/", func(net.Conn) {}, "reset", 0},
		{"hangs", trust(), "https://hook.example/", hold, "timeout", 10 * time.Second},
		{"drips", trust(), "https://hook.example/", func(c net.Conn) {
			go hold(c)
			_, _ = io.WriteString(c, "\x16\x03\x03\x40\x00") // a record of 16 KiB
			repeat(c, "x", time.Second)
		}, "timeout", 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, _ := newPipeTransport(t, &webhook.HTTPOptions{TLS: tt.config}, tt.serve)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				start := time.Now()
				resp, err := tr.Send(ctx, post(tt.url))
				require.Equal(t, tt.class, webhook.ErrorClass(err), "%v", err)
				require.Equal(t, tt.class == "", resp != nil)
				if tt.took > 0 {
					require.Equal(t, tt.took, time.Since(start))
				}
			})
		})
	}
}

// An endpoint that resets or lies is not trusted with the next request.
func TestBrokenConnectionsAreNotReused(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         int32 // connections for two requests
	}{
		{"whole", ok200 + "Content-Length: 2\r\n\r\nok", 1},
		{"chunked", ok200 + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1},
		{"empty", "HTTP/1.1 204 No Content\r\n\r\n", 1},
		{"as large as allowed", ok200 + "Content-Length: 65536\r\n\r\n" + strings.Repeat("x", 65536), 1},
		{"two bytes larger", ok200 + "Content-Length: 65538\r\n\r\n" + strings.Repeat("x", 65538), 2},
		{"never ends", ok200 + "\r\nok", 2},
		{"closing", ok200 + "Connection: close\r\nContent-Length: 2\r\n\r\nok", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, n := newPipeTransport(t, nil, func(c net.Conn) {
					for r := bufio.NewReader(c); ; {
						if _, ok := readRequest(r); !ok {
							return
						}
						if _, err := io.WriteString(c, tt.answer); err != nil {
							return
						}
					}
				})
				for range 2 {
					_, err := tr.Send(t.Context(), post(secretURL))
					require.NoError(t, err)
				}
				require.Equal(t, tt.want, n.conns.Load())
			})
		})
	}
}
