package endpoint_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/docevent/webhook/internal/endpoint"
)

func TestCache(t *testing.T) {
	var c endpoint.Cache
	for range 2 {
		u, err := c.Parse("https://Example.com/{{x}}")
		require.NoError(t, err)
		require.Equal(t, "https://example.com/%7B%7Bx%7D%7D", u.String())
		u.Host = "evil.example" // the caller's own
		_, err = c.Parse("ftp://example.com")
		require.ErrorIs(t, err, endpoint.ErrScheme)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 3000 {
				u, err := c.Parse("http://h" + strconv.Itoa(i) + ".example")
				require.NoError(t, err)
				require.Equal(t, "h"+strconv.Itoa(i)+".example", u.Host)
			}
		})
	}
	wg.Wait()
}
