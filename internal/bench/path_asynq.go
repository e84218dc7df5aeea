package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// redisAddress and redisDB are where asynq keeps its tasks. The database is
// emptied.
const (
	redisAddress = "127.0.0.1:6379"
	redisDB      = 7
)

// asynq with a hand-written worker.
var asynqPath = path{
	name: "asynq", title: "asynq + Redis", share: 20,
	settings: "Config.Concurrency = connections, PoolSize = twice that, Retention 1h so that finished tasks can be queried; Redis as it runs, without persistence",
	open:     openAsynq,
}

const asynqTask = "webhook:deliver"

type asynqSender struct {
	client    *asynq.Client
	server    *asynq.Server
	inspector *asynq.Inspector
	work      poster
}

func openAsynq(ctx context.Context, to target, connections int) (sender, error) {
	r := redis.NewClient(&redis.Options{Addr: redisAddress, DB: redisDB})
	defer r.Close()
	if err := r.FlushDB(ctx).Err(); err != nil {
		return nil, err
	}
	opt := asynq.RedisClientOpt{Addr: redisAddress, DB: redisDB, PoolSize: 2 * connections}
	a := &asynqSender{
		client: asynq.NewClient(opt), inspector: asynq.NewInspector(opt),
		work: newPoster(to, connections),
		server: asynq.NewServer(opt, asynq.Config{
			Concurrency: connections, LogLevel: asynq.ErrorLevel,
		}),
	}
	mux := asynq.NewServeMux()
	mux.HandleFunc(asynqTask, func(ctx context.Context, t *asynq.Task) error {
		return a.work.post(ctx, t.ResultWriter().TaskID(), t.Payload())
	})
	return a, a.server.Start(mux)
}

func (a *asynqSender) send(ctx context.Context, callers, first, n int) error {
	return each(callers, first, n, func(i int) error {
		if !fires(&theOrder) {
			return nil
		}
		body, err := newMessage()
		if err != nil {
			return err
		}
		_, err = a.client.EnqueueContext(ctx, asynq.NewTask(asynqTask, body),
			asynq.TaskID(strconv.Itoa(i)), asynq.MaxRetry(7), asynq.Retention(time.Hour))
		return err
	})
}

func (a *asynqSender) close(_ context.Context, total int) error {
	a.server.Shutdown()
	defer a.client.Close()
	defer a.inspector.Close()
	q, err := a.inspector.GetQueueInfo("default")
	if err != nil {
		return err
	}
	if q.Completed != total {
		return fmt.Errorf("of %d tasks %d are completed", total, q.Completed)
	}
	return nil
}
