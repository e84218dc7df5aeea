package endpoint

import (
	"net/url"
	"sync"
)

// maxCached bounds the memory of a Cache to a few hundred KiB for URLs of
// ordinary length, and to some 16 MiB for the longest that Parse accepts.
const maxCached = 1024

// A Cache remembers what [Parse] made of the URLs it saw last: most webhooks
// send to one URL all the time. The zero value is ready for use by many
// goroutines at once.
type Cache struct {
	mu     sync.RWMutex       // guards parsed
	parsed map[string]url.URL // by the URL as given
}

// Parse is [Parse]. The URL returned is the caller's own.
func (c *Cache) Parse(raw string) (*url.URL, error) {
	c.mu.RLock()
	cached, ok := c.parsed[raw]
	c.mu.RUnlock()
	if ok {
		return &cached, nil
	}
	u, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed == nil || len(c.parsed) >= maxCached {
		c.parsed = make(map[string]url.URL)
	}
	c.parsed[raw] = *u
	return u, nil
}
