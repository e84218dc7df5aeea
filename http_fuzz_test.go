package webhook_test

import (
	"io"
	"log"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// FuzzAnswer lets an endpoint answer anything: Send ends in time with a
// response or a class, and no word of the answer gets into an error.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		okAnswer,
		secretText + "\r\n\r\n",
		"HTTP/1.1 " + secretText + " OK\r\n\r\n",
		"HTTP/" + secretText + " 200 OK\r\n\r\n",
		ok200 + secretText + "\r\n\r\n",
		ok200 + secretText + " : x\r\n\r\n",
		ok200 + " " + secretText + ": x\r\n\r\n",
		ok200 + "Content-Length: " + secretText + "\r\n\r\n",
		ok200 + "Content-Length: 1\r\nContent-Length: " + secretText + "\r\n\r\n",
		ok200 + "Transfer-Encoding: " + secretText + "\r\n\r\n",
		ok200 + "Transfer-Encoding: chunked\r\nTrailer: " + secretText + "\r\n\r\n0\r\n\r\n",
		ok200 + "Transfer-Encoding: chunked\r\n\r\n" + secretText + "\r\n",
		ok200 + "Transfer-Encoding: chunked\r\n\r\n2;" + secretText + "\r\nok\r\n0\r\n" + secretText + "\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n" + okAnswer,
		"HTTP/1.0 200 OK\r\n\r\nok",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	} {
		f.Add(s, true)
		f.Add(s, false)
	}
	log.SetOutput(io.Discard) // net/http logs what comes after an answer
	f.Cleanup(func() { log.SetOutput(os.Stderr) })
	f.Fuzz(func(t *testing.T, answer string, closes bool) {
		serve := say(answer)
		if closes {
			serve = sayAndClose(answer)
		}
		synctest.Test(t, func(t *testing.T) {
			tr, _ := newPipeTransport(t, &webhook.HTTPOptions{MaxResponseBytes: 100}, serve)
			start := time.Now()
			resp, err := tr.Send(t.Context(), post(secretURL))
			require.LessOrEqual(t, time.Since(start), 16*time.Second)
			require.Equal(t, err == nil, resp != nil)
			if err != nil {
				requireConcealed(t, err)
				require.NotContains(t, []string{"", webhook.ClassOther}, webhook.ErrorClass(err))
				return
			}
			require.LessOrEqual(t, len(resp.Body), 100)
			requireConcealed(t, resp.BodyErr)
			require.NotEqual(t, webhook.ClassOther, webhook.ErrorClass(resp.BodyErr))
		})
	})
}
