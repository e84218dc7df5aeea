// Package gormwebhook dispatches what GORM writes to webhooks: inserts, updates
// and deletes, in GORM's own transaction, with the values before and after.
//
//	sqlDB, err := db.DB() // the database that GORM uses
//	store, err := sqlstore.New(sqlDB, sqlstore.Postgres)
//	err = store.Migrate(ctx) // at every start: the tables of webhooks and deliveries
//	d, err := webhook.New(store, nil)
//	err = db.Use(gormwebhook.New(d, nil))
//	go d.Run(ctx) // sends what was dispatched, here or in another process
//
// From then on every db.Create, Save, Update, Delete and what is built on them is
// an event for the webhooks that listen to the model, as saved by d.SaveWebhook.
// Models that no webhook listens to cost nothing. examples/orm/gorm in the
// repository is a whole program. This is a module of its own:
//
//	go get github.com/docevent/webhook/gormwebhook
//
// # Documents
//
// The document type is what the model's DocType method returns, a plain
//
//	func (Order) DocType() string { return "Sales Order" }
//
// or, without one, the name of the table. The name is the primary key, its
// parts joined by "/", or what the model's DocName method returns. The document
// is the model as encoding/json makes it: json tags name the fields, and
// `json:"-"` keeps one out. An inserted document is the value given to GORM,
// with the associations in it and what Select and Omit keep from the row;
// updated and deleted ones are rows, read before and after the statement,
// without associations: a has-many is null there, so a template that walks over
// it says {% for item in doc.items or [] %}.
//
// # Events
//
//	Create, CreateInBatches, FirstOrCreate  after_insert, on_update
//	Save                                    on_update, on_change; new: as Create
//	Update, Updates                         on_update, on_change
//	UpdateColumn, UpdateColumns             on_change, as Frappe's db_set
//	Delete, soft or not                     on_trash
//
// Each row is a document, also when a where clause selects many.
//
// A Create with OnConflict is an insert, an update or nothing, as it turns out
// row by row; rows are compared by the conflict's columns, or the primary key.
// MySQL and MariaDB update a row that has any unique key in common with the new
// one, so there rows are compared by all unique keys; and an update that leaves
// a row as it was is nothing. What is saved with a document by association is a
// document of its own, and comes before it. All events of a row have the same
// id. [Options].Action makes submits and cancels of updates.
//
// # Transactions
//
// GORM writes in a transaction, its own or that of db.Transaction, and so the
// deliveries are in it, provided that the dispatcher's store is a
// [sqlstore.Store] on the same database: what is rolled back, also to a
// savepoint, was never there. When the store cannot take the deliveries the
// statement fails, and is rolled back. Nothing else of a webhook fails it: an
// event that is invalid, or a panic in a function of [Options] or a method of
// the model, is logged, and costs the events of its document.
//
// A [webhook.Unit] in the statement's context holds the events until it is
// committed; it does not see GORM's savepoints.
//
// With SkipDefaultTransaction, outside of db.Transaction, there is no
// transaction: the events are dispatched after the statement, and an error is
// logged. A crash in between loses them.
//
// Two queries are added to an update, one to a delete, two or three to a Create
// with OnConflict (on MySQL and MariaDB one for the keys, two for each of them,
// and up to two more); rows are locked before where the database can. A
// statement that changes more than Options.MaxRows rows is logged and not
// dispatched; suppress those by [webhook.Suppress] in the statement's context,
// as imports and migrations.
//
// # What is not seen
//
//   - db.Exec and db.Raw, and statements without a model, such as
//     db.Table("x").Update
//   - what the database does by itself: cascades, triggers
//   - models without a primary key, and inserts of maps whose primary key GORM
//     does not learn
//   - an update that changes a primary key, and, which is logged, one that has a
//     FROM clause
//
// And of a Create with OnConflict:
//
//   - a constraint given by its name, which is logged
//   - which of two that write the same new row at once was the update
//   - on MySQL, in a batch where some rows have a unique key, those that have none
//     but what the database makes
//   - unique keys of expressions
package gormwebhook
