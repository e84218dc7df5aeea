package webhooktest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
	"github.com/docevent/webhook/webhooktest"
)

const (
	secret         = "super-secret-key"
	standardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	body           = `{"doctype":"Sales Order","name":"SO-00001"}`
)

// request is one as the library sends it, with these headers added.
func request(header map[string]string) *webhook.Request {
	h := http.Header{}
	h.Set("Webhook-Id", "msg_1")
	h.Set("X-Webhook-Event", "after_insert")
	h.Set("X-Webhook-Event-Id", "evt_1")
	h.Set("X-Webhook-Doctype", "Sales Order")
	h.Set("X-Webhook-Attempt", "2")
	for name, value := range header {
		h.Set(name, value)
	}
	return &webhook.Request{
		Method: "POST", URL: "https://erp.example/webhook?a=1", Header: h, Body: []byte(body),
		Webhook: "Orders", DeliveryID: "msg_1", Attempt: 2,
	}
}

func signedRequest() *webhook.Request {
	return request(map[string]string{
		"X-Frappe-Webhook-Signature": webhook.Sign(secret, []byte(body)),
	})
}

func standardHeader(t *testing.T, at time.Time) map[string]string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(standardSecret, "whsec_"))
	require.NoError(t, err)
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("msg_1." + timestamp + "." + body))
	return map[string]string{
		"Webhook-Timestamp": timestamp,
		"Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

func TestReceiverVerifies(t *testing.T) {
	good := webhook.Sign(secret, []byte(body))
	tests := []struct {
		name   string
		secret string
		header map[string]string
		status int
		want   error
	}{
		{"frappe", secret, map[string]string{"X-Frappe-Webhook-Signature": good}, 200, nil},
		{"secret header", secret, map[string]string{"X-Webhook-Secret": secret}, 200, nil},
		{"standard", standardSecret, standardHeader(t, time.Now()), 200, nil},
		{"stale", standardSecret, standardHeader(t, time.Now().Add(-time.Hour)), 401, webhook.ErrTimestamp},
		{"other secret", "other", map[string]string{"X-Frappe-Webhook-Signature": good}, 401, webhook.ErrBadSignature},
		{"wrong secret header", secret, map[string]string{"X-Webhook-Secret": "guess"}, 401, webhook.ErrBadSignature},
		{"unsigned", secret, nil, 401, webhook.ErrNoSignature},
		{"unsigned, no secret", "", nil, 200, nil},
		{"signed, no secret", "", map[string]string{"X-Frappe-Webhook-Signature": good}, 401,
			webhooktest.ErrUnexpectedSignature},
		{"secret header, no secret", "", map[string]string{"X-Webhook-Secret": ""}, 401,
			webhooktest.ErrUnexpectedSignature},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			receiver := webhooktest.NewReceiver(test.secret)
			response, err := receiver.Send(t.Context(), request(test.header))
			require.NoError(t, err)
			require.Equal(t, test.status, response.StatusCode)

			arrived := receiver.Requests()
			require.Len(t, arrived, 1)
			require.ErrorIs(t, arrived[0].Err, test.want)
			require.Equal(t, test.status, arrived[0].StatusCode)
		})
	}
}

func TestReceiverRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		receiver := webhooktest.NewReceiver(secret)
		sent := signedRequest()
		sent.Header.Set("X-Webhook-Event", "Site%20Plan%20%C3%84nderung")
		header := sent.Header.Clone()
		_, err := receiver.Send(t.Context(), sent)
		require.NoError(t, err)

		// The sender may use its request again.
		sent.Header.Set("X-Webhook-Attempt", "3")
		sent.Body[0] = 'x'

		require.Equal(t, []webhooktest.Request{{
			Method: "POST", URL: "https://erp.example/webhook?a=1", Header: header, Body: []byte(body),
			Webhook: "Orders", DeliveryID: "msg_1", Event: "Site Plan \u00c4nderung", EventID: "evt_1",
			DocType: "Sales Order", Attempt: 2, Time: time.Now(), StatusCode: 200,
		}}, receiver.Requests())
	})
}

func TestReceiverAnswersAsScripted(t *testing.T) {
	receiver := webhooktest.NewReceiver(secret)
	receiver.RespondWith(func(r *webhooktest.Request) webhooktest.Response {
		return webhooktest.Response{
			StatusCode: 202, Header: http.Header{"X-Seen": {r.DeliveryID}}, Body: []byte("ok"),
		}
	})
	receiver.Respond(503, 429)
	send := func(r *webhook.Request) *webhook.Response {
		response, err := receiver.Send(t.Context(), r)
		require.NoError(t, err)
		return response
	}
	require.Equal(t, 503, send(signedRequest()).StatusCode)
	require.Equal(t, 401, send(request(nil)).StatusCode, "uses no scripted answer up")
	require.Equal(t, 429, send(signedRequest()).StatusCode)
	require.Equal(t, &webhook.Response{
		StatusCode: 202, Header: http.Header{"X-Seen": {"msg_1"}}, Body: []byte("ok"),
	}, send(signedRequest()))
	receiver.RespondWith(nil)
	require.Equal(t, 200, send(signedRequest()).StatusCode)

	receiver.Respond(500)
	receiver.Reset()
	require.Empty(t, receiver.Requests())
	require.Equal(t, 200, send(signedRequest()).StatusCode)
	require.Len(t, receiver.Requests(), 1)
}

func TestReceiverAnswersByAnError(t *testing.T) {
	refused := errors.New("connection refused")
	receiver := webhooktest.NewReceiver(secret)
	receiver.RespondWith(func(*webhooktest.Request) webhooktest.Response {
		return webhooktest.Response{Err: refused}
	})
	response, err := receiver.Send(t.Context(), signedRequest())
	require.ErrorIs(t, err, refused)
	require.Nil(t, response)
	require.Zero(t, receiver.Requests()[0].StatusCode)
	require.NoError(t, receiver.Wait(t.Context(), 1))
}

// A panic, or a test's FailNow, in what answers a request is an answer to wait
// for.
func TestReceiverAnswersByAPanic(t *testing.T) {
	r := webhooktest.NewReceiver(secret)
	r.RespondWith(func(*webhooktest.Request) webhooktest.Response { panic("no answer") })
	require.Panics(t, func() { _, _ = r.Send(t.Context(), signedRequest()) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.NoError(t, r.Wait(ctx, 1))
	require.Zero(t, r.Requests()[0].StatusCode)
}

func TestReceiverDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		receiver := webhooktest.NewReceiver(secret)
		receiver.RespondWith(func(*webhooktest.Request) webhooktest.Response {
			return webhooktest.Response{Delay: time.Hour}
		})
		start := time.Now()
		response, err := receiver.Send(t.Context(), signedRequest())
		require.NoError(t, err)
		require.Equal(t, 200, response.StatusCode)
		require.Equal(t, time.Hour, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		_, err = receiver.Send(ctx, signedRequest())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(start))

		_, err = receiver.Send(ctx, signedRequest())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, receiver.Requests(), 2, "a request whose time was over was sent")
	})
}

func TestReceiverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		receiver := webhooktest.NewReceiver(secret)
		receiver.RespondWith(func(*webhooktest.Request) webhooktest.Response {
			return webhooktest.Response{Delay: time.Second}
		})
		start := time.Now()
		for range 3 {
			go receiver.Send(t.Context(), signedRequest())
		}
		require.NoError(t, receiver.Wait(t.Context(), 3))
		require.Equal(t, time.Second, time.Since(start))

		stop := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, stop)
		defer cancel()
		err := receiver.Wait(ctx, 4)
		require.ErrorIs(t, err, stop)
		require.EqualError(t, err, "wait for 4 requests, 3 were answered: enough")

		// What is in flight at a reset is not counted after it.
		go receiver.Send(t.Context(), signedRequest())
		synctest.Wait()
		receiver.Reset()
		time.Sleep(time.Minute)
		require.Empty(t, receiver.Requests())
		require.Error(t, receiver.Wait(ctx, 1))
	})
}

func TestReceiverVerifiesWithAnother(t *testing.T) {
	receiver := webhooktest.NewReceiver("new")
	response, err := receiver.Send(t.Context(), signedRequest())
	require.NoError(t, err)
	require.Equal(t, 401, response.StatusCode)
	receiver.VerifyWith(webhook.NewVerifier("new", secret))
	response, err = receiver.Send(t.Context(), signedRequest())
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
}

func TestReceiverServesHTTP(t *testing.T) {
	receiver := webhooktest.NewReceiver(secret)
	server := httptest.NewServer(receiver)
	defer server.Close()
	post := func(text string) (*http.Response, error) {
		r, err := http.NewRequest("POST", server.URL+"/webhook/order?a=1", strings.NewReader(text))
		require.NoError(t, err)
		r.Header = signedRequest().Header
		return server.Client().Do(r)
	}

	receiver.RespondWith(func(*webhooktest.Request) webhooktest.Response {
		return webhooktest.Response{StatusCode: 201, Header: http.Header{"x-seen": {"1"}}, Body: []byte("ok")}
	})
	response, err := post(body)
	require.NoError(t, err)
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 201, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("X-Seen"))
	require.Equal(t, "ok", string(answer))

	response, err = post(body + " ")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 401, response.StatusCode)

	receiver.RespondWith(func(*webhooktest.Request) webhooktest.Response {
		return webhooktest.Response{Err: errors.New("gone")}
	})
	_, err = post(body)
	require.Error(t, err)

	arrived := receiver.Requests()
	require.Equal(t, server.URL+"/webhook/order?a=1", arrived[0].URL)
	require.Equal(t, body, string(arrived[0].Body))
	require.ErrorIs(t, arrived[1].Err, webhook.ErrBadSignature)
}

func TestReceiverRefusesAnEndlessBody(t *testing.T) {
	receiver := webhooktest.NewReceiver(secret)
	w := httptest.NewRecorder()
	endless := io.LimitReader(zeros{}, 17<<20)
	receiver.ServeHTTP(w, httptest.NewRequest("POST", "/", endless))
	require.Equal(t, 400, w.Code)
	require.Empty(t, receiver.Requests())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
