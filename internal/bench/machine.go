package main

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// A machine is what the results are of.
type machine struct {
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	CPU      string            `json:"cpu"`
	CPUs     int               `json:"cpus"`
	Kernel   string            `json:"kernel"`
	Modules  map[string]string `json:"modules"` // versions of what is compared with
}

func describeMachine() machine {
	m := machine{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPU: fieldOf("/proc/cpuinfo", "model name"), CPUs: runtime.NumCPU(),
		Modules: map[string]string{},
	}
	if b, err := exec.Command("uname", "-r").Output(); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if compared[d.Path] {
				m.Modules[d.Path] = d.Version
			}
		}
	}
	return m
}

// compared are the modules whose versions matter to a reader.
var compared = map[string]bool{
	"github.com/hibiken/asynq":     true,
	"github.com/jackc/pgx/v5":      true,
	"github.com/riverqueue/river":  true,
	"modernc.org/sqlite":           true,
	"github.com/redis/go-redis/v9": true,
}

// fieldOf returns the value of the first "key : value" line, or "".
func fieldOf(file, key string) string {
	b, _ := os.ReadFile(file)
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// loadAverage is that of the last minute, or "" where it is not known.
func loadAverage() string {
	b, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(b), " ")
	return one
}
