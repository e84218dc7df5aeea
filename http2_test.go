package webhook_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// Frame types, flags and error codes of RFC 9113.
const (
	frameData, frameHeaders, frameReset, frameSettings = 0, 1, 3, 4
	framePing, frameGoAway, frameContinuation          = 6, 7, 9

	flagEndStream, flagAck, flagEndHeaders = 1, 1, 4

	codeProtocolError, codeRefusedStream = 1, 7
)

// Header blocks in HPACK (RFC 7541), with no compression.
const (
	status200 = "\x88"
	status103 = "\x08\x03103"
	fieldAB   = "\x00\x01a\x01b"
)

func frame(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	head = append(head, flags)
	return string(binary.BigEndian.AppendUint32(head, stream)) + payload
}

func code(n byte) string { return "\x00\x00\x00" + string(rune(n)) }

// http2Endpoint speaks just enough HTTP/2 to misbehave: answer is called for
// each request, once its header has come.
func http2Endpoint(answer func(c net.Conn, stream uint32)) func(net.Conn) {
	return overTLS(func(c net.Conn) {
		var answers sync.WaitGroup
		defer answers.Wait()
		if _, err := io.CopyN(io.Discard, c, 24); err != nil { // the preface
			return
		}
		write(c, frame(frameSettings, 0, 0, ""))
		for {
			var head [9]byte
			if _, err := io.ReadFull(c, head[:]); err != nil {
				return
			}
			size := binary.BigEndian.Uint32(head[:4]) >> 8
			payload := make([]byte, size)
			if _, err := io.ReadFull(c, payload); err != nil {
				return
			}
			switch kind, flags := head[3], head[4]; {
			case kind == frameSettings && flags&flagAck == 0:
				write(c, frame(frameSettings, flagAck, 0, ""))
			case kind == framePing && flags&flagAck == 0:
				write(c, frame(framePing, flagAck, 0, string(payload)))
			case kind == frameHeaders:
				stream := binary.BigEndian.Uint32(head[5:])
				answers.Go(func() { answer(c, stream) })
			}
		}
	}, "h2")
}

func write(c net.Conn, text string) bool {
	_, err := io.WriteString(c, text)
	return err == nil
}

func TestHTTP2Endpoints(t *testing.T) {
	header := func(c net.Conn, stream uint32, block string) bool {
		return write(c, frame(frameHeaders, flagEndHeaders, stream, block))
	}
	for _, tt := range []struct {
		name   string
		answer func(c net.Conn, stream uint32)
		status int
		class  []string // of the error or BodyErr, any of these
		body   string
		took   time.Duration
	}{
		{"well", func(c net.Conn, stream uint32) {
			header(c, stream, status200)
			write(c, frame(frameData, flagEndStream, stream, "ok"))
		}, 200, []string{""}, "ok", 0},
		{"no body", func(c net.Conn, stream uint32) {
			write(c, frame(frameHeaders, flagEndHeaders|flagEndStream, stream, status200))
		}, 200, []string{""}, "", 0},
		{"never answers", func(net.Conn, uint32) {}, 0, []string{"timeout"}, "", 15 * time.Second},
		{"drips a body", func(c net.Conn, stream uint32) {
			for header(c, stream, status200); write(c, frame(frameData, 0, stream, "x")); {
				time.Sleep(300 * time.Millisecond)
			}
		}, 200, []string{"timeout"}, "xxxx", time.Second},
		{"resets in the body", func(c net.Conn, stream uint32) {
			header(c, stream, status200)
			write(c, frame(frameData, 0, stream, "x"))
			time.Sleep(100 * time.Millisecond)
			write(c, frame(frameReset, 0, stream, code(2)))
		}, 200, []string{"reset"}, "x", 100 * time.Millisecond},
		{"drips interim responses", func(c net.Conn, stream uint32) {
			for header(c, stream, status103) {
				time.Sleep(time.Second)
			}
		}, 0, []string{"timeout"}, "", 15 * time.Second},
		{"interim responses flood", func(c net.Conn, stream uint32) {
			for header(c, stream, status103) {
			}
		}, 0, []string{"too_large"}, "", 0},
		{"header beyond the limit", func(c net.Conn, stream uint32) {
			header(c, stream, status200+strings.Repeat(fieldAB, 2000))
		}, 0, []string{"too_large"}, "", 0},
		{"continuation flood", func(c net.Conn, stream uint32) {
			write(c, frame(frameHeaders, 0, stream, status200))
			for write(c, frame(frameContinuation, 0, stream, strings.Repeat(fieldAB, 2000))) {
			}
		}, 0, []string{"too_large", "protocol", "reset"}, "", 0},
		{"goes away with an echo", func(c net.Conn, _ uint32) {
			write(c, frame(frameGoAway, 0, 0, code(0)+code(2)+secretText))
			c.Close()
		}, 0, []string{"reset", "protocol"}, "", 0},
		{"speaks HTTP/1", func(c net.Conn, _ uint32) {
			write(c, ok200+secretText+"\r\n\r\n")
		}, 0, []string{"reset", "protocol"}, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, _ := newPipeTransport(t, &webhook.HTTPOptions{TLS: trust()}, http2Endpoint(tt.answer))
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				start, before := time.Now(), allocated()
				resp, err := tr.Send(ctx, post("https://hook.example/services/"+secretText))
				require.Less(t, allocated()-before, uint64(4<<20), "bytes allocated")
				require.Equal(t, tt.took, time.Since(start))
				requireConcealed(t, err)
				if tt.status == 0 {
					require.Contains(t, tt.class, webhook.ErrorClass(err), "%v", err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, tt.status, resp.StatusCode)
				require.Contains(t, tt.class, webhook.ErrorClass(resp.BodyErr), "%v", resp.BodyErr)
				require.Equal(t, tt.body, string(resp.Body))
			})
		})
	}
}

// A peer that says it did not process a request makes net/http send it again,
// several times; Send leaves that to the retry policy.
func TestHTTP2SendsOnce(t *testing.T) {
	for _, tt := range []struct {
		name, method, body string
		code               byte
	}{
		{"POST refused", "POST", "{}", codeRefusedStream},
		{"POST called an error", "POST", "{}", codeProtocolError},
		{"GET refused", "GET", "", codeRefusedStream},
		{"GET called an error", "GET", "", codeProtocolError},
		{"empty POST refused", "POST", "", codeRefusedStream},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var requests atomic.Int32
				tr, _ := newPipeTransport(t, &webhook.HTTPOptions{TLS: trust()},
					http2Endpoint(func(c net.Conn, stream uint32) {
						requests.Add(1)
						write(c, frame(frameReset, 0, stream, code(tt.code)))
					}))
				req := post("https://hook.example/")
				req.Method, req.Body = tt.method, []byte(tt.body)
				_, err := tr.Send(t.Context(), req)
				require.Contains(t, []string{"reset", "protocol"}, webhook.ErrorClass(err), "%v", err)
				time.Sleep(time.Minute)
				require.EqualValues(t, 1, requests.Load())
			})
		})
	}
}

// An endpoint may send 64 KiB ahead of what was read, not the 4 MiB that
// net/http allows by default (setting 4, RFC 9113, section 6.5.2).
func TestHTTP2Window(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var settings string
		tr, _ := newPipeTransport(t, &webhook.HTTPOptions{TLS: trust()}, overTLS(func(c net.Conn) {
			b := make([]byte, 24+9+100)
			n, _ := io.ReadAtLeast(c, b, 24+9+6)
			settings = string(b[24+9 : n])
		}, "h2"))
		_, err := tr.Send(t.Context(), post("https://hook.example/"))
		require.Error(t, err)
		require.Contains(t, settings, "\x00\x04\x00\x01\x00\x00")
	})
}

// Flow control holds up a flood over HTTP/2; what was read is the excerpt.
func TestHTTP2Flood(t *testing.T) {
	flood := newHTTP2Server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
		}
		for {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	tr := webhook.NewHTTPTransport(&webhook.HTTPOptions{Allow: webhook.Loopback(), TLS: trust()})
	defer tr.CloseIdleConnections()
	resp, err := tr.Send(t.Context(), post(flood.URL))
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	require.Len(t, resp.Body, 64<<10)
	require.ErrorIs(t, resp.BodyErr, webhook.ErrResponseTooLarge)
}
