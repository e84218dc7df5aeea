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
	name: "asynq", title: "asynq + Redis", share: 20, needs: redisAddress,
	settings: "Config.Concurrency = connections, PoolSize = twice that, " +
		"TaskCheckInterval 1s as by default, Retention 1h so that finished tasks " +
		"can be queried; Redis without persistence",
	open: openAsynq,
}

const asynqTask = "webhook:deliver:" // and the endpoint

type asynqSender struct {
	client    *asynq.Client
	server    *asynq.Server
	inspector *asynq.Inspector
}

func openAsynq(ctx context.Context, j job) (sender, error) {
	r := redis.NewClient(&redis.Options{Addr: redisAddress, DB: redisDB})
	defer r.Close()
	if err := r.FlushDB(ctx).Err(); err != nil {
		return nil, err
	}
	opt := asynq.RedisClientOpt{Addr: redisAddress, DB: redisDB, PoolSize: 2 * j.Connections}
	mux, work := asynq.NewServeMux(), newPoster(j)
	for _, e := range j.Scene.endpoints() {
		mux.HandleFunc(asynqTask+e.name(), func(ctx context.Context, t *asynq.Task) error {
			return work.post(ctx, t.ResultWriter().TaskID(), t.Payload(), e)
		})
	}
	a := &asynqSender{
		client: asynq.NewClient(opt), inspector: asynq.NewInspector(opt),
		server: asynq.NewServer(opt, asynq.Config{
			Concurrency: j.Connections, LogLevel: asynq.FatalLevel,
		}),
	}
	return a, a.server.Start(mux)
}

func (a *asynqSender) take(ctx context.Context, i int, to endpoint) error {
	if !fires(&theOrder) {
		return nil
	}
	body, err := newMessage()
	if err != nil {
		return err
	}
	_, err = a.client.EnqueueContext(ctx, asynq.NewTask(asynqTask+to.name(), body),
		asynq.TaskID(strconv.Itoa(i)), asynq.MaxRetry(7), asynq.Retention(time.Hour))
	return err
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
