// Package sqltest tests sqlstore on real databases.
package sqltest
