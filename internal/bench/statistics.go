package main

import (
	"cmp"
	"fmt"
	"slices"
)

// A spread is the median of some values, with the least and the greatest.
type spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

func spreadOf(vs []float64) spread {
	vs = slices.Sorted(slices.Values(vs))
	return spread{median(vs), vs[0], vs[len(vs)-1]}
}

// format prints the median, and after it the least and the greatest, each
// formatted by verb.
func (s spread) format(verb string) string {
	return fmt.Sprintf(verb+" ("+verb+"-"+verb+")", s.Median, s.Least, s.Most)
}

// median returns the median of one value or more.
func median[T cmp.Ordered](vs []T) T {
	return slices.Sorted(slices.Values(vs))[len(vs)/2]
}

// values returns what f says of each run.
func values(runs []run, f func(run) float64) []float64 {
	vs := make([]float64, len(runs))
	for i, r := range runs {
		vs[i] = f(r)
	}
	return vs
}

// ratios divides the values round by round, so that what else the machine did
// in a round falls on both.
func ratios(vs, by []float64) []float64 {
	rs := make([]float64, len(vs))
	for i := range vs {
		rs[i] = vs[i] / by[i]
	}
	return rs
}
