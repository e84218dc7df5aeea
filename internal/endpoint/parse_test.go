package endpoint_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/endpoint"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, raw, want string }{
		{"plain", "https://example.com/hook", "https://example.com/hook"},
		{"no path", "https://example.com", "https://example.com"},
		{"query without a path", "https://example.com?a=b", "https://example.com?a=b"},
		{"upper case", "HTTPS://Example.COM/Hook", "https://example.com/Hook"},
		{"trailing dot", "http://example.com./x", "http://example.com/x"},
		{"trailing dot and port", "http://example.com.:8080/x", "http://example.com:8080/x"},
		{"port", "http://example.com:8080/x", "http://example.com:8080/x"},
		{"port with a zero in front", "http://example.com:0080/x", "http://example.com:80/x"},
		{"empty port", "http://example.com:/x", "http://example.com/x"},
		{"one label", "http://erp/x", "http://erp/x"},
		{"underscore", "http://my_app.internal/x", "http://my_app.internal/x"},
		{"punycode", "https://xn--mnchen-3ya.de/x", "https://xn--mnchen-3ya.de/x"},
		{"IPv4", "http://192.0.2.1/x", "http://192.0.2.1/x"},
		{"IPv4 with a dot", "http://192.0.2.1./x", "http://192.0.2.1/x"},
		{"IPv6", "http://[2001:DB8:0::1]:80/x", "http://[2001:db8::1]:80/x"},
		{"a number in front", "http://127.example/x", "http://127.example/x"},
		{"looks hexadecimal", "http://h.0xyz/x", "http://h.0xyz/x"},
		{"fragment", "https://example.com/x#secret", "https://example.com/x"},
		{"fragment with braces", "https://example.com/x#{{ a }}", "https://example.com/x"},
		{"braces in the path", "https://h/a/{{doc.doctype}}", "https://h/a/%7B%7Bdoc.doctype%7D%7D"},
		{"braces in the query", "https://h/a?q={{x}}", "https://h/a?q=%7B%7Bx%7D%7D"},
		{"blank in the path", "https://h/SINV 1?q=a b", "https://h/SINV%201?q=a%20b"},
		{"not ASCII", "https://h/\u00fc?q=\u00fc", "https://h/%C3%BC?q=%C3%BC"},
		{"not UTF-8", "https://h/\xff", "https://h/%FF"},
		{"escapes stay", "https://h/a%2Fb%7b?q=%20", "https://h/a%2Fb%7b?q=%20"},
		{"a percent sign alone", "https://h/10%?q=10%&r=%zz", "https://h/10%25?q=10%25&r=%25zz"},
		{"brackets in the query", "https://h/?a[]=1", "https://h/?a[]=1"},
		{"backslash and quotes", `https://h/a\b"<>^|` + "`", "https://h/a%5Cb%22%3C%3E%5E%7C%60"},
		{"at sign in the path", "https://h/@me", "https://h/@me"},
		{"second question mark", "https://h/?a?b", "https://h/?a?b"},
		{"double slash", "https://h//x", "https://h//x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := endpoint.Parse(tt.raw)
			require.NoError(t, err)
			require.Equal(t, tt.want, u.String())
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      error
	}{
		{"empty", "", endpoint.ErrScheme},
		{"no scheme", "example.com/x", endpoint.ErrScheme},
		{"scheme-relative", "//example.com/x", endpoint.ErrScheme},
		{"ftp", "ftp://example.com/x", endpoint.ErrScheme},
		{"file", "file:///etc/passwd", endpoint.ErrScheme},
		{"javascript", "javascript://h/x", endpoint.ErrScheme},
		{"opaque", "http:example.com", endpoint.ErrScheme},
		{"one slash", "http:/example.com", endpoint.ErrScheme},
		{"no host", "http:///x", endpoint.ErrNoHost},
		{"nothing", "http://", endpoint.ErrNoHost},
		{"port only", "http://:80/x", endpoint.ErrNoHost},
		{"dot only", "http://./x", endpoint.ErrNoHost},
		{"user", "http://user@example.com/", endpoint.ErrUserinfo},
		{"password", "http://user:pw@example.com/", endpoint.ErrUserinfo},
		{"empty user", "http://@example.com/", endpoint.ErrUserinfo},
		{"two at signs", "http://a@b@example.com/", endpoint.ErrUserinfo},
		{"backslash before the host", `http://good.example\@evil.example/`, endpoint.ErrUserinfo},
		{"backslash in the host", `http://good.example\.evil.example/`, endpoint.ErrHost},
		{"short IPv4", "http://127.1/", endpoint.ErrNumeric},
		{"decimal", "http://2130706433/", endpoint.ErrNumeric},
		{"hexadecimal", "http://0x7f000001/", endpoint.ErrNumeric},
		{"hexadecimal, upper case", "http://0X7F000001/", endpoint.ErrNumeric},
		{"hexadecimal part", "http://127.0.0.0x1/", endpoint.ErrNumeric},
		{"hexadecimal without digits", "http://127.0.0.0x/", endpoint.ErrNumeric},
		{"octal", "http://0177.0.0.1/", endpoint.ErrNumeric},
		{"octal, one number", "http://017700000001/", endpoint.ErrNumeric},
		{"other prefixes", "http://0b1111111/", endpoint.ErrNumeric},
		{"zero in front", "http://127.0.0.01/", endpoint.ErrNumeric},
		{"five parts", "http://1.2.3.4.5/", endpoint.ErrNumeric},
		{"part too large", "http://127.0.0.256/", endpoint.ErrNumeric},
		{"name ending in a number", "http://example.1/", endpoint.ErrNumeric},
		{"number and dot", "http://127.1./", endpoint.ErrNumeric},
		{"zero", "http://0/", endpoint.ErrNumeric},
		{"two dots", "http://example.com../", endpoint.ErrHost},
		{"empty label", "http://a..b/", endpoint.ErrHost},
		{"dot in front", "http://.example.com/", endpoint.ErrHost},
		{"long label", "http://" + strings.Repeat("a", 64) + ".com/", endpoint.ErrHost},
		{"long host", "http://" + strings.Repeat("a.", 127) + "com/", endpoint.ErrHost},
		{"escape in the host", "http://ex%61mple.com/", endpoint.ErrHost},
		{"escaped zero byte", "http://h%00.example/", endpoint.ErrHost},
		{"braces in the host", "http://{{doc.host}}/", endpoint.ErrHost},
		{"comma", "http://a,b/", endpoint.ErrHost},
		{"IPv6 without brackets", "http://::1/", endpoint.ErrHost},
		{"IPv6 unclosed", "http://[::1/", endpoint.ErrHost},
		{"IPv6 with a tail", "http://[::1].example/", endpoint.ErrHost},
		{"IPv6 zone", "http://[fe80::1%25eth0]/", endpoint.ErrHost},
		{"IPv4 in brackets", "http://[127.0.0.1]/", endpoint.ErrHost},
		{"name in brackets", "http://[localhost]/", endpoint.ErrHost},
		{"not ASCII", "http://m\u00fcnchen.de/", endpoint.ErrNonASCII},
		{"full-width digits", "http://\uff11\uff12\uff17.0.0.1/", endpoint.ErrNonASCII},
		{"ideographic dot", "http://127\u30020\u30020\u30021/", endpoint.ErrNonASCII},
		{"port zero", "http://h:0/", endpoint.ErrPort},
		{"port too large", "http://h:65536/", endpoint.ErrPort},
		{"port overflows", "http://h:18446744073709551617/", endpoint.ErrPort},
		{"port with a sign", "http://h:+80/", endpoint.ErrPort},
		{"port is a name", "http://h:http/", endpoint.ErrPort},
		{"line break", "http://h/\r\nX-Evil: 1", endpoint.ErrCharacter},
		{"line break at the end", "http://h/\n", endpoint.ErrCharacter},
		{"tab", "http://h\t/", endpoint.ErrCharacter},
		{"zero byte", "http://h/\x00", endpoint.ErrCharacter},
		{"delete", "http://h/\x7f", endpoint.ErrCharacter},
		{"control in the fragment", "http://h/#\x01", endpoint.ErrCharacter},
		{"space in front", " http://h/", endpoint.ErrCharacter},
		{"space behind", "http://h/ ", endpoint.ErrCharacter},
		{"space in the host", "http://a b/", endpoint.ErrCharacter},
		{"too long", "http://h/" + strings.Repeat("x", 8000), endpoint.ErrTooLong},
		{"too long when encoded", "http://h/" + strings.Repeat("{", 3000), endpoint.ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, err := endpoint.Parse(tt.raw)
			require.Nil(t, u)
			require.ErrorIs(t, err, tt.want)
		})
	}
}

// FuzzParse checks that what Parse accepts can be read in one way only: by
// net/url before and after, by net/http, and by Parse itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"https://example.com/a?b=c#d", "http://127.0.0.1:80", "http://[::1]:8080/{{x}}",
		`http://a\@b/`, "http://0x7f.1/", "HTTP://A.B.:1/%zz? %", "https://h//x?y[]=%41",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := endpoint.Parse(raw)
		if err != nil {
			require.Nil(t, u)
			return
		}
		requireWire(t, u)
		again, err := endpoint.Parse(u.String())
		require.NoError(t, err)
		require.Equal(t, u.String(), again.String())
		require.Equal(t, endpoint.Endpoint(u), endpoint.Endpoint(again))
		if stock, err := url.Parse(raw); err == nil {
			require.Equal(t, u.Scheme, stock.Scheme)
			requireSameHost(t, u.Hostname(), stock.Hostname())
		}
		r, err := http.NewRequest(http.MethodPost, u.String(), nil)
		require.NoError(t, err)
		require.Equal(t, u.Host, r.URL.Host)
		require.Equal(t, u.Host, r.Host)
		require.Equal(t, u.RequestURI(), r.URL.RequestURI())
		require.True(t, strings.HasPrefix(endpoint.Redact(u), u.Scheme+"://"+u.Host))
	})
}

func requireWire(t *testing.T, u *url.URL) {
	t.Helper()
	require.Contains(t, []string{"http", "https"}, u.Scheme)
	require.Nil(t, u.User)
	require.Empty(t, u.Opaque)
	require.Empty(t, u.Fragment)
	for _, c := range []byte(u.Host + u.RequestURI()) {
		require.True(t, c > ' ' && c < 0x7f, "byte %q", c)
	}
	require.NotContains(t, u.Hostname(), "%")
	require.False(t, strings.HasSuffix(u.Hostname(), "."))
	if last := u.Hostname()[len(u.Hostname())-1]; last >= '0' && last <= '9' &&
		!strings.ContainsAny(u.Hostname(), "ghijklmnopqrstuvwxyz-_") {
		labels := strings.Split(u.Hostname(), ".")
		if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
			addr, err := netip.ParseAddr(u.Hostname())
			require.NoError(t, err)
			require.Equal(t, addr.String(), u.Hostname())
		}
	}
}

// requireSameHost allows a spelling to differ, never a host.
func requireSameHost(t *testing.T, got, stock string) {
	t.Helper()
	if addr, err := netip.ParseAddr(got); err == nil {
		want, err := netip.ParseAddr(strings.TrimSuffix(stock, "."))
		require.NoError(t, err)
		require.Equal(t, want, addr)
		return
	}
	require.Equal(t, strings.TrimSuffix(strings.ToLower(stock), "."), got)
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := endpoint.Parse("https://hooks.example.com/services/T000/B000?x=1"); err != nil {
			b.Fatal(err)
		}
	}
}
