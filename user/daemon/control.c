// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control.c: the daemon's ear, and how others speak into it.
 */
#include <errno.h>
#include <signal.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "control.h"
#include "user/base/listener.h"
#include "user/base/log.h"

#define LINE_MAX_BYTES	  65536
#define CALL_TIMEOUT_S	  120
#define STOPPED_TIMEOUT_S 3
#define IDLE_TIMEOUT_S	  10

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	control_handler *handler;
	void *arg;
	char path[128];
};

/* One connection. */
struct control_caller {
	struct control *control;
	struct bufferevent *bev; /* NULL: gone, but its answer is still to come */
	bool waits;		 /* for control_answer() */
	bool asked_all;		 /* he closed his half */
	uid_t uid;
};

json_t *control_refuse(const char *why)
{
	return control_refuse_with(json_string(why));
}

json_t *control_refuse_with(json_t *why)
{
	return json_pack("{s:b, s:[o]}", "ok", 0, "errors", why);
}

uid_t control_uid(const struct control_caller *caller)
{
	return caller->uid;
}

/* The process at the other end, as it was when it connected or listened. With errno. */
static bool peer_of(int fd, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len);
}

static uid_t uid_of(int fd)
{
	struct ucred peer;

	return peer_of(fd, &peer) ? peer.uid : (uid_t)-1;
}

/* NULL: it comes later. */
static json_t *answer(struct control_caller *caller, const char *line)
{
	struct control *control = caller->control;
	json_t *request = json_loads(line, 0, NULL), *args = NULL, *reply = NULL;
	const char *verb = NULL;

	if (!request || json_unpack(request, "{s:s, s?o}", "verb", &verb, "args", &args))
		reply = control_refuse("not a request: {\"verb\": \"...\", \"args\": {...}}");
	else
		reply = control->handler(verb, args, caller, control->arg);
	if (!reply && !caller->waits)
		reply = control_refuse(CONTROL_NO_VERB);
	json_decref(request);
	return reply;
}

/*
 * From now on, by a clock that has seen how long the last answer took: a slow machine verifies a
 * new data path for half a minute, and nobody is hung up on for that.
 */
static void set_patience(struct bufferevent *bev)
{
	struct timeval idle = { .tv_sec = IDLE_TIMEOUT_S };

	event_base_update_cache_time(bufferevent_get_base(bev));
	bufferevent_set_timeouts(bev, &idle, &idle);
}

static void hang_up(struct control_caller *caller)
{
	bufferevent_free(caller->bev);
	caller->bev = NULL;
	if (!caller->waits)
		free(caller);
}

/* Takes @reply. */
static void send_reply(struct control_caller *caller, json_t *reply)
{
	struct evbuffer *out = bufferevent_get_output(caller->bev);
	char *text = json_dumps(reply, JSON_COMPACT);

	evbuffer_add_printf(out, "%s\n", text ?: "{\"ok\":false}");
	free(text);
	json_decref(reply);
	set_patience(caller->bev);
}

/* False: the caller is hung up on. */
static bool hear_all(struct control_caller *caller)
{
	struct evbuffer *in = bufferevent_get_input(caller->bev);
	json_t *reply;
	char *line;

	while (!caller->waits && (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF))) {
		reply = answer(caller, line);
		free(line);
		if (reply)
			send_reply(caller, reply);
	}
	if (evbuffer_get_length(in) <= LINE_MAX_BYTES)
		return true;
	hang_up(caller);
	return false;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	hear_all(arg);
}

static void on_sent(struct bufferevent *bev, void *arg)
{
	hang_up(arg);
}

/* Who closed his half has asked all, and may still wait for the answer. */
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct control_caller *caller = arg;

	caller->asked_all |= what & BEV_EVENT_EOF;
	if (what & BEV_EVENT_EOF && caller->waits)
		return;
	if (what & BEV_EVENT_EOF && evbuffer_get_length(bufferevent_get_output(bev)))
		bufferevent_setcb(bev, NULL, on_sent, on_event, arg);
	else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		hang_up(caller);
}

void control_wait(struct control_caller *caller)
{
	caller->waits = true;
	bufferevent_set_timeouts(caller->bev, NULL, NULL);
}

void control_answer(struct control_caller *caller, json_t *reply)
{
	caller->waits = false;
	if (!caller->bev) {
		json_decref(reply);
		free(caller);
		return;
	}
	send_reply(caller, reply);
	if (hear_all(caller) && caller->asked_all && !caller->waits)
		bufferevent_setcb(caller->bev, NULL, on_sent, on_event, caller);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct bufferevent *bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	struct control_caller *caller = bev ? calloc(1, sizeof(*caller)) : NULL;

	if (!bev)
		close(fd);
	else if (!caller)
		bufferevent_free(bev);
	if (!caller)
		return;
	caller->control = arg;
	caller->bev = bev;
	caller->uid = uid_of(fd);
	bufferevent_setcb(bev, on_read, NULL, on_event, caller);
	set_patience(bev);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static int fill_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path))
		return -ENAMETOOLONG;
	strcpy(sun->sun_path, path);
	return 0;
}

static int listen_at(struct control *control)
{
	unsigned int flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
	struct sockaddr_un sun;
	mode_t mask;
	int err = fill_address(&sun, control->path);

	if (err)
		return err;
	/* We hold the instance's lock: whoever bound it is dead. */
	unlink(control->path);
	mask = umask(0177);
	errno = 0;
	control->listener = evconnlistener_new_bind(control->base, on_accept, control, flags, -1,
						    (struct sockaddr *)&sun, sizeof(sun));
	err = control->listener ? 0 : -(errno ?: ENOMEM);
	umask(mask);
	if (!err)
		listener_turn_away(control->listener);
	else
		log_err("%s: cannot listen there: %s", control->path, strerror(-err));
	return err;
}

int control_new(struct event_base *base, const char *path, control_handler *handler, void *arg,
		struct control **out)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control)
		return -ENOMEM;
	control->base = base;
	control->handler = handler;
	control->arg = arg;
	snprintf(control->path, sizeof(control->path), "%s", path);
	err = listen_at(control);
	if (err) {
		free(control);
		return err;
	}
	*out = control;
	return 0;
}

int control_renew(struct control *control)
{
	if (control->listener)
		evconnlistener_free(control->listener);
	control->listener = NULL;
	return listen_at(control);
}

void control_free(struct control *control)
{
	if (!control)
		return;
	if (control->listener)
		evconnlistener_free(control->listener);
	unlink(control->path);
	free(control);
}

/* Whoever listens hears what root has to say. With errno. */
static bool is_trusted(int fd)
{
	struct ucred peer;

	if (!peer_of(fd, &peer))
		return false;
	errno = EPERM;
	return !peer.uid || peer.uid == geteuid();
}

/* Whether who listens was stopped by a signal: it takes connections, and answers none. */
static bool is_stopped(int fd)
{
	struct ucred peer;
	char path[64], state = '?';
	FILE *file;

	if (!peer_of(fd, &peer) || !peer.pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", peer.pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (file)
		fclose(file);
	return state == 'T' || state == 't';
}

const char *control_why(int err)
{
	/* Root is refused where the socket is not its own. */
	return geteuid() && (err == -EACCES || err == -EPERM)
		       ? "only root may ask it; is this run as root?"
		       : strerror(-err);
}

static void set_timeouts(int fd, int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

static int connect_to(const char *path, int seconds)
{
	struct sockaddr_un sun;
	int fd, err = fill_address(&sun, path);

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	set_timeouts(fd, seconds);
	if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)) && is_trusted(fd)) {
		if (is_stopped(fd))
			set_timeouts(fd, STOPPED_TIMEOUT_S);
		return fd;
	}
	err = -errno;
	close(fd);
	return err;
}

static int exchange(int fd, const json_t *request, json_t **reply)
{
	FILE *stream = fdopen(fd, "r+");
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	if (json_dumpf(request, stream, JSON_COMPACT) || fputc('\n', stream) == EOF ||
	    fflush(stream))
		err = -(errno ?: EIO);
	else if (getline(&line, &room, stream) < 0)
		err = errno == EAGAIN ? -ETIMEDOUT : -(errno ?: ECONNRESET);
	if (!err) {
		*reply = json_loads(line, 0, NULL);
		err = *reply ? 0 : -EBADMSG;
	}
	free(line);
	fclose(stream);
	return err;
}

int control_call_within(const char *path, const char *verb, json_t *args, int seconds,
			json_t **reply)
{
	json_t *request = json_pack("{s:s, s:o*}", "verb", verb, "args", args);
	void (*before)(int);
	int fd, err;

	if (!request)
		return -ENOMEM;
	/* A daemon without a descriptor for us hangs up: that is an error like others. */
	before = signal(SIGPIPE, SIG_IGN);
	fd = connect_to(path, seconds);
	err = fd < 0 ? fd : exchange(fd, request, reply);
	signal(SIGPIPE, before);
	json_decref(request);
	return err;
}

int control_call(const char *path, const char *verb, json_t *args, json_t **reply)
{
	return control_call_within(path, verb, args, CALL_TIMEOUT_S, reply);
}
