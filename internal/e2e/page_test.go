//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook"
)

// snippet returns the code of docs/receivers.md that is marked so.
func snippet(t *testing.T, mark string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/receivers.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```"+regexp.QuoteMeta(mark)+"\n(.*?)```").FindAllSubmatch(page, -1)
	require.Len(t, found, 1, mark)
	return string(found[0][1])
}

// A drill is a request for a verifier, and what it should say.
type drill struct {
	Name    string            `json:"name"`
	Scheme  string            `json:"scheme"`
	Secret  string            `json:"secret"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	want    bool
}

// drills are requests that the library made, and what may become of them on the
// way.
func drills(t *testing.T) []drill {
	t.Helper()
	standard, previous := webhook.NewSecret(), webhook.NewSecret()
	var all []drill
	for _, scheme := range []struct {
		webhook.Scheme
		secret, header string
	}{
		{webhook.SchemeFrappe, "p\u00e4ssw\u00f6rd \u2603", "X-Frappe-Webhook-Signature"},
		{webhook.SchemeStandard, standard, "Webhook-Signature"},
		{webhook.SchemeSecretHeader, "super-secret-key", "X-Webhook-Secret"},
	} {
		var sent *webhook.Request
		d := newDispatcher(t, func(req *webhook.Request) { sent = req })
		w := orderWebhook(&process{URL: "http://127.0.0.1:1"}, scheme.secret)
		w.Signatures = []webhook.Scheme{scheme.Scheme}
		if scheme.Scheme == webhook.SchemeStandard {
			w.Secret = previous
		}
		require.NoError(t, d.SaveWebhook(t.Context(), w))
		if scheme.Scheme == webhook.SchemeStandard {
			_, err := d.RotateSecret(t.Context(), w.Name, standard, time.Hour)
			require.NoError(t, err)
		}
		_, err := d.Dispatch(t.Context(), orderInserted)
		require.NoError(t, err)
		require.NoError(t, d.Drain(t.Context()))

		add := func(name string, want bool, change func(*drill)) {
			r := drill{Name: string(scheme.Scheme) + ": " + name, Scheme: string(scheme.Scheme), Secret: scheme.secret,
				Body: string(sent.Body), Headers: map[string]string{}, want: want}
			for key := range sent.Header {
				r.Headers[strings.ToLower(key)] = sent.Header.Get(key)
			}
			if change != nil {
				change(&r)
			}
			all = append(all, r)
		}
		header := strings.ToLower(scheme.header)
		add("as sent", true, nil)
		add("unsigned", false, func(r *drill) { delete(r.Headers, header) })
		add("empty signature", false, func(r *drill) { r.Headers[header] = "" })
		add("cut signature", false, func(r *drill) { r.Headers[header] = r.Headers[header][:9] })
		add("foreign signature", false, func(r *drill) { r.Headers[header] = "\u00e9" })
		if scheme.Scheme != webhook.SchemeSecretHeader {
			add("changed body", false, func(r *drill) { r.Body = strings.Replace(r.Body, "1500", "15000", 1) })
			add("a blank more", false, func(r *drill) { r.Body += " " })
			add("no body", false, func(r *drill) { r.Body = "" })
		}
		if scheme.Scheme != webhook.SchemeStandard {
			add("other secret", false, func(r *drill) { r.Secret = "guess" })
			continue
		}
		add("other secret", false, func(r *drill) { r.Secret = webhook.NewSecret() })
		add("previous secret", true, func(r *drill) { r.Secret = previous })
		add("other id", false, func(r *drill) { r.Headers["webhook-id"] = "msg_other" })
		add("old", false, func(r *drill) {
			r.Headers["webhook-timestamp"] = strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
		})
		add("no time", false, func(r *drill) { delete(r.Headers, "webhook-timestamp") })
	}
	return all
}

// The drivers read the drills and print, in their order, what the page's
// functions say.
var drivers = map[string]struct{ mark, file, before, after string }{
	"Python": {"python verify", "verify.py", "", `
import email.message, json, sys
verdicts = []
for r in json.load(sys.stdin):
    headers = email.message.Message()  # which knows no case, like the headers of frameworks
    for key, value in r["headers"].items():
        headers[key] = value
    f = {"frappe": verify_frappe, "standard": verify_standard, "secret_header": verify_secret}[r["scheme"]]
    verdicts.append(bool(f(r["secret"], headers, r["body"].encode())))
print(json.dumps(verdicts))
`},
	"JavaScript": {"js verify", "verify.js", "", `
const verify = { frappe: verifyFrappe, standard: verifyStandard, secret_header: verifySecret };
const drills = JSON.parse(require("node:fs").readFileSync(0));
console.log(JSON.stringify(drills.map((r) => Boolean(verify[r.scheme](r.secret, r.headers, Buffer.from(r.body))))));
`},
	"PHP": {"php verify", "verify.php", "<?php\n", `
$verify = ['frappe' => 'verify_frappe', 'standard' => 'verify_standard', 'secret_header' => 'verify_secret'];
$verdicts = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $r) {
    $verdicts[] = (bool)$verify[$r['scheme']]($r['secret'], $r['headers'], $r['body']);
}
echo json_encode($verdicts);
`},
	"Go": {"go verify", "main.go", "package main\n\n", `
func main() {
	var drills []struct {
		Secret, Body string
		Headers      map[string]string
	}
	if err := json.NewDecoder(os.Stdin).Decode(&drills); err != nil {
		panic(err)
	}
	verdicts := []bool{}
	for _, d := range drills {
		r, err := http.NewRequest("POST", "/", strings.NewReader(d.Body))
		if err != nil {
			panic(err)
		}
		for key, value := range d.Headers {
			r.Header.Set(key, value)
		}
		body, err := verify(r, d.Secret)
		verdicts = append(verdicts, err == nil && string(body) == d.Body)
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}
`},
}

func TestReceiversPageVerifies(t *testing.T) {
	commands := map[string][]string{
		"Python": {interpreter()}, "JavaScript": {"node"}, "PHP": {"php"}, "Go": {"go", "run"},
	}
	all := drills(t)
	input, err := json.Marshal(all)
	require.NoError(t, err)
	for language, driver := range drivers {
		t.Run(language, func(t *testing.T) {
			command := commands[language]
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skipf("%s is not installed: %v", command[0], err)
			}
			code := snippet(t, driver.mark)
			if language == "Go" {
				code = strings.Replace(code,
					"import (\n", "import (\n\t\"encoding/json\"\n\t\"os\"\n\t\"strings\"\n", 1)
			}
			file := filepath.Join(t.TempDir(), driver.file)
			require.NoError(t, os.WriteFile(file, []byte(driver.before+code+driver.after), 0o600))
			cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], file)...)
			cmd.Stdin = bytes.NewReader(input)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			require.NoError(t, err, "%s", stderr.String())
			var got []bool
			require.NoError(t, json.Unmarshal(out, &got), "%s", out)
			require.Len(t, got, len(all))
			for i, r := range all {
				require.Equal(t, r.want, got[i], r.Name)
			}
		})
	}
}

// Each function of the page has ten lines at most.
func TestReceiversPageIsShort(t *testing.T) {
	for _, driver := range drivers {
		for _, block := range strings.Split(snippet(t, driver.mark), "\n\n") {
			require.LessOrEqual(t, strings.Count(strings.TrimSpace(block), "\n")+1, 10, block)
		}
	}
}

func TestReceiversPageTakesADeliveryOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "once.py")
	code := snippet(t, "python idempotent") + `
import threading, time
done = []
def broken():
    raise RuntimeError
try:
    once("msg_b", broken)
except RuntimeError:
    pass
def work(id):
    time.sleep(0.01)  # long enough for the others to come
    done.append(id)
threads = [threading.Thread(target=once, args=(id, lambda id=id: work(id)))
           for id in ["msg_a", "msg_b", "msg_a", "msg_b"] * 5]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(done))
`
	require.NoError(t, os.WriteFile(file, []byte(code), 0o600))
	out, err := exec.CommandContext(t.Context(), interpreter(), file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "['msg_a', 'msg_b']\n", string(out))
}

// The whole receiver takes the library's own requests, and those alone.
func TestReceiversPageInFlask(t *testing.T) {
	receiver := flaskReceiver(t)
	p := receiver.start(t)
	w := orderWebhook(p, orderSecret)
	w.URL = p.URL + "/webhook"
	d := newDispatcher(t, nil)
	require.NoError(t, d.SaveWebhook(t.Context(), w))
	delivery, attempt := deliver(t, d, orderInserted)
	require.Equal(t, http.StatusNoContent, attempt.StatusCode, p.Log(t))
	require.NoError(t, d.Resend(t.Context(), delivery.ID))
	_, attempt = drain(t, d, delivery.ID)
	require.Equal(t, http.StatusNoContent, attempt.StatusCode, p.Log(t))
	handshaken, err := d.Handshake(t.Context(), w.Name)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, handshaken.StatusCode, p.Log(t))
	require.Equal(t, http.StatusUnauthorized, post(t, w.URL, order, nil))
	require.Equal(t, 1, strings.Count(p.Log(t), "INSERT INTO inbox"), p.Log(t))
}

// flaskReceiver is the page's receiver; it prints its statements.
func flaskReceiver(t *testing.T) program {
	t.Helper()
	source := snippet(t, "python verify") + snippet(t, "python idempotent") + snippet(t, "python receiver") + `
os.environ["WEBHOOK_SECRET"] = "` + orderSecret + `"
db.set_trace_callback(print)
app.run()
`
	return program{file: "receiver.py", source: source, edits: []edit{{"the port", "app.run()", "app.run(port=PORT)"}}}
}

// The table of answers is that of Classify.
func TestReceiversPageAnswers(t *testing.T) {
	page, err := os.ReadFile("../../docs/receivers.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "| Answer | What follows |")
	require.True(t, ok)
	for verdict, begin := range map[webhook.Verdict]string{
		webhook.VerdictRetry: "| 5xx, 401", webhook.VerdictFailed: "| 400,", webhook.VerdictGone: "| 410",
	} {
		_, row, ok := strings.Cut(table, begin)
		require.True(t, ok, begin)
		cell, _, _ := strings.Cut(begin+row, " | ")
		codes := regexp.MustCompile(`\d{3}`).FindAllString(cell, -1)
		require.NotEmpty(t, codes)
		for _, code := range codes {
			n, err := strconv.Atoi(code)
			require.NoError(t, err)
			require.Equal(t, verdict, webhook.Classify(&webhook.Response{
				StatusCode: n, Header: http.Header{},
			}, nil), code)
		}
	}
	require.Equal(t, webhook.VerdictFailed, webhook.Classify(&webhook.Response{StatusCode: 302}, nil))
	require.Equal(t, webhook.VerdictRetry, webhook.Classify(nil, context.DeadlineExceeded))
}
