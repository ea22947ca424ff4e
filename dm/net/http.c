/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Oriel authors */

/*
 * HTTP: connections; see http.h. Each goes through reading, perhaps waiting for its picture,
 * sending, and closing once the client's TCP has acknowledged everything, so that a client that
 * does not read keeps a place here (with a deadline) and nothing else.
 *
 * lwIP's callbacks and http_run() are all there is: one thread. A function that may have aborted
 * the connection returns ERR_ABRT, which a callback must hand on to lwIP.
 */
#include "http.h"
#include "http_internal.h"
#include "http_request.h"
#include "net.h"
#include "picture.h"
#include "dm/display/display.h"
#include "dm/runtime.h"

#include "lwip/tcp.h"

#define CONNECTIONS 32
#define TEXT_MAX    KIB(112) /* with its header it fits the send buffer */
#define HEADER_MAX  512
#define WRITE_MAX   32768u
#define RETRY_US    20000    /* lwIP had no memory */
#define REQUEST_US  10000000 /* for the whole request */
#define PICTURE_US  30000000 /* in the queue */
#define PROGRESS_US 20000000 /* for each PROGRESS bytes of an answer */
#define PROGRESS    65536u

_Static_assert(TEXT_MAX + HEADER_MAX < TCP_SND_BUF, "a text is written in one go");

enum state { FREE, READING, WAITING, SENDING };

struct connection {
	struct tcp_pcb *pcb;
	enum state state;
	u64 deadline;
	u32 len; /* of request */
	u32 unacked;
	u32 progress; /* bytes acknowledged since the deadline was set */
	struct http_request asked;
	struct dm_vm *vm;	 /* WAITING: for a picture of that, */
	u32 head;		 /* of that head, */
	u64 generation;		 /* not older than this */
	struct picture *picture; /* SENDING: held */
	size_t sent;		 /* of it */
	char request[HTTP_REQUEST_MAX];
};

struct http_counters http_counters;

static struct connection connections[CONNECTIONS];
static char secret[192];
static char text[TEXT_MAX];

/* ---- ends */

u32 http_open_connections(void)
{
	u32 n = 0;

	for (u32 i = 0; i < CONNECTIONS; i++)
		n += connections[i].state != FREE;
	return n;
}

static void forget(struct connection *c)
{
	if (c->picture)
		picture_release(c->picture);
	c->picture = NULL;
	c->pcb = NULL;
	c->state = FREE;
}

static err_t drop(struct connection *c)
{
	struct tcp_pcb *pcb = c->pcb;

	tcp_err(pcb, NULL);
	forget(c);
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t finish(struct connection *c)
{
	struct tcp_pcb *pcb = c->pcb;

	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL); /* closing may end it at once */
	if (tcp_close(pcb) != ERR_OK)
		return drop(c);
	forget(c);
	return ERR_OK;
}

/* ---- answers */

static void give_time(struct connection *c, u64 us)
{
	c->deadline = time_now() + time_from_us(us);
	c->progress = 0;
}

static err_t put(struct connection *c, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		u16 n = (u16)MIN(len, (size_t)WRITE_MAX);
		err_t err = tcp_write(c->pcb, p, n, TCP_WRITE_FLAG_COPY);

		if (err != ERR_OK)
			return err;
		c->unacked += n;
		http_counters.bytes += n;
		p += n;
		len -= n;
	}
	return ERR_OK;
}

static const char *reason(u32 status)
{
	switch (status) {
	case 200:
		return "OK";
	case 304:
		return "Not Modified";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 414:
		return "URI Too Long";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

/* Status line and header; tag: an ETag with its quotes, or NULL. */
static err_t put_header(struct connection *c, u32 status, const char *type, size_t len,
			const char *tag)
{
	char header[HEADER_MAX];
	struct http_text t = { .at = header, .size = sizeof(header) };

	http_print(&t, "HTTP/1.1 %u %s\r\nServer: Oriel\r\nConnection: close\r\n", status,
		   reason(status));
	http_print(&t, "Cache-Control: no-cache\r\n");
	if (status != 304)
		http_print(&t, "Content-Type: %s\r\nContent-Length: %llu\r\n", type,
			   (unsigned long long)len);
	if (status == 401)
		http_print(&t, "WWW-Authenticate: Basic realm=\"Oriel\"\r\n");
	if (status == 405)
		http_print(&t, "Allow: GET, HEAD\r\n");
	if (tag)
		http_print(&t, "ETag: %s\r\n", tag);
	http_print(&t, "\r\n");
	c->state = SENDING;
	give_time(c, PROGRESS_US);
	return put(c, header, t.len);
}

static err_t answer(struct connection *c, u32 status, const char *type, const char *body,
		    size_t len)
{
	if (put_header(c, status, type, len, NULL) != ERR_OK ||
	    (!c->asked.head && put(c, body, len) != ERR_OK))
		return drop(c);
	tcp_output(c->pcb);
	return ERR_OK;
}

static err_t refuse(struct connection *c, u32 status)
{
	char body[64];
	int n = str_format(body, sizeof(body), "%u %s\n", status, reason(status));

	return answer(c, status, "text/plain", body, (size_t)n);
}

/* ---- pictures */

static void make_tag(char tag[80], const struct dm_vm *vm, u32 head, u64 generation)
{
	str_format(tag, 80, "\"%llx-%x-%x-%x-%llx\"", (unsigned long long)dm_info->boot_tsc,
		   dm_info->generation, vm ? vm->index + 1 : 0, head,
		   (unsigned long long)generation);
}

/* As much of the picture as there is room for. */
static err_t go_on(struct connection *c)
{
	size_t left = c->picture ? c->picture->len - c->sent : 0;

	while (left) {
		size_t n = MIN(left, (size_t)MIN((u32)tcp_sndbuf(c->pcb), WRITE_MAX));

		if (!n || put(c, picture_data(c->picture) + c->sent, n) != ERR_OK)
			break;
		c->sent += n;
		left -= n;
	}
	if (c->picture && !left) {
		picture_release(c->picture);
		c->picture = NULL;
	}
	tcp_output(c->pcb);
	return c->picture || c->unacked ? ERR_OK : finish(c);
}

static err_t try_picture(struct connection *c)
{
	struct picture *p;
	char tag[80];
	int err = picture_get(c->vm, c->head, c->generation, &p);

	if (err == -EAGAIN)
		return ERR_OK;
	if (err)
		return refuse(c, err == -ENOENT ? 404 : 503);
	make_tag(tag, c->vm, c->head, p->generation);
	c->picture = p;
	c->sent = c->asked.head ? p->len : 0;
	if (put_header(c, 200, "image/png", p->len, tag) != ERR_OK)
		return drop(c);
	return go_on(c);
}

/* Who waits for a picture since before all others; NULL: nobody waits. */
static struct connection *longest_waiting(void)
{
	struct connection *found = NULL;

	for (u32 i = 0; i < CONNECTIONS; i++)
		if (connections[i].state == WAITING &&
		    (!found || connections[i].deadline < found->deadline))
			found = &connections[i];
	return found;
}

static err_t ask_picture(struct connection *c, struct dm_vm *vm, u32 head)
{
	u32 width, height;
	char tag[80];

	c->vm = vm;
	c->head = head;
	c->generation = display_generation(vm);
	if (screenshot_size(vm, head, &width, &height))
		return refuse(c, 404);
	make_tag(tag, vm, head, c->generation);
	if (http_request_has(&c->asked, tag)) {
		http_counters.not_modified++;
		if (put_header(c, 304, "", 0, tag) != ERR_OK)
			return drop(c);
		tcp_output(c->pcb);
		return ERR_OK;
	}
	c->state = WAITING;
	give_time(c, PICTURE_US);
	return longest_waiting() == c ? try_picture(c) : ERR_OK;
}

/* ---- requests */

static bool parse_head(const char *query, u32 *head)
{
	*head = 0;
	if (!query[0])
		return true;
	if (strncmp(query, "head=", 5) != 0)
		return false;
	query += 5;
	if (!query[0])
		return false;
	for (u32 i = 0; i < 2 && query[0] >= '0' && query[0] <= '9'; i++)
		*head = *head * 10 + (u32)(*query++ - '0');
	return !query[0];
}

/* What follows "/vm/": NAME.png or NAME/console. */
static err_t route_guest(struct connection *c, const char *rest, struct http_text *t)
{
	size_t len = strlen(rest);
	bool console = len > 8 && strcmp(rest + len - 8, "/console") == 0;
	bool png = len > 4 && strcmp(rest + len - 4, ".png") == 0;
	char name[sizeof(((struct vm_config *)0)->name)];
	struct dm_vm *vm;
	u32 head;

	len -= console ? 8 : png ? 4 : 0;
	if (!(console || png) || len >= sizeof(name) || !parse_head(c->asked.query, &head))
		return refuse(c, 404);
	memcpy(name, rest, len);
	name[len] = 0;
	vm = vm_find(name);
	if (!vm)
		return refuse(c, 404);
	if (png)
		return ask_picture(c, vm, head);
	http_page_console(t, vm);
	return answer(c, 200, "text/plain; charset=utf-8", t->at, t->len);
}

static err_t route(struct connection *c)
{
	static const struct {
		const char *path, *type;
		void (*make)(struct http_text *t);
	} pages[] = {
		{ "/", "text/html; charset=utf-8", http_page_index },
		{ "/log", "text/plain; charset=utf-8", http_page_log },
		{ "/status.json", "application/json", http_page_status },
		{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", http_page_metrics },
	};
	struct http_text t = { .at = text, .size = sizeof(text) };
	const char *path = c->asked.path;

	if (strcmp(path, "/screen.png") == 0)
		return ask_picture(c, NULL, 0);
	if (strncmp(path, "/vm/", 4) == 0)
		return route_guest(c, path + 4, &t);
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		pages[i].make(&t);
		return answer(c, 200, pages[i].type, t.at, t.len);
	}
	return refuse(c, 404);
}

static err_t serve(struct connection *c, size_t len)
{
	u32 status = http_request_parse(c->request, len, &c->asked);

	bool allowed = http_same_secret(c->asked.credentials, secret);

	http_counters.requests++;
	if (status && (allowed || status != 405)) {
		http_counters.malformed++;
		return refuse(c, status);
	}
	if (!allowed) {
		http_counters.auth_failures++;
		return refuse(c, 401);
	}
	return route(c);
}

/* ---- lwIP's callbacks */

static err_t on_request_data(struct connection *c, const struct pbuf *p)
{
	u16 n = (u16)MIN((u32)p->tot_len, HTTP_REQUEST_MAX - c->len);
	size_t end;

	pbuf_copy_partial(p, c->request + c->len, n, 0);
	/* The end may have begun in what was there. */
	end = http_request_end(c->request, c->len + n);
	c->len += n;
	if (end)
		return serve(c, end);
	if (c->len < HTTP_REQUEST_MAX)
		return ERR_OK;
	http_counters.oversized++;
	return refuse(c, 431);
}

/* After the request, whatever comes is taken and forgotten; the end of it does not matter. */
static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct connection *c = arg;

	(void)err;
	if (p) {
		tcp_recved(pcb, p->tot_len);
		err = c && c->state == READING ? on_request_data(c, p) : ERR_OK;
		pbuf_free(p);
		return err;
	}
	if (!c || c->state != READING)
		return ERR_OK;
	http_counters.incomplete++;
	return finish(c);
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct connection *c = arg;

	(void)pcb;
	c->unacked -= MIN(c->unacked, (u32)len);
	c->progress += len;
	if (c->state != SENDING)
		return ERR_OK;
	if (c->progress >= PROGRESS)
		give_time(c, PROGRESS_US);
	return go_on(c);
}

/* The connection is gone already. */
static void on_error(void *arg, err_t err)
{
	(void)err;
	if (!arg)
		return;
	http_counters.aborted++;
	forget(arg);
}

/* A place; who has taken longest over a request makes room. NULL: all have asked for something. */
static struct connection *find_place(void)
{
	struct connection *oldest = NULL;

	for (u32 i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &connections[i];

		if (c->state == FREE)
			return c;
		if (c->state == READING && (!oldest || c->deadline < oldest->deadline))
			oldest = c;
	}
	if (oldest) {
		http_counters.timeouts++;
		drop(oldest);
	}
	return oldest;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct connection *c;

	(void)arg;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	c = find_place();
	if (!c) {
		http_counters.refused_connections++;
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	http_counters.connections++;
	memset(c, 0, offsetof(struct connection, request));
	c->pcb = pcb;
	c->state = READING;
	give_time(c, REQUEST_US);
	net_accepted(pcb);
	tcp_arg(pcb, c);
	tcp_recv(pcb, on_receive);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	return ERR_OK;
}

void http_init(void)
{
	const struct config *config = &dm_info->config;
	struct tcp_pcb *pcb;

	if (!net_is_on() || !config->http_port || !config->password[0])
		return;
	http_basic_auth(secret, "oriel", config->password);
	pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
	if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, config->http_port) != ERR_OK)
		dm_die("no connection for the HTTP server");
	pcb = tcp_listen(pcb);
	if (!pcb)
		dm_die("no connection for the HTTP server");
	tcp_accept(pcb, on_accept);
	log_line("network: HTTP on port %u", config->http_port);
}

/* ---- time */

static void time_out(struct connection *c)
{
	http_counters.timeouts++;
	if (c->state == READING)
		refuse(c, 408);
	else if (c->state == WAITING)
		refuse(c, 503);
	else
		drop(c);
}

/* TSC when the connection wants to be looked at again. */
static u64 look_at(struct connection *c)
{
	u64 now = time_now();

	if (c->state == WAITING)
		try_picture(c);
	else if (c->state == SENDING && c->picture && !c->unacked)
		go_on(c); /* lwIP had no memory */
	if (c->state != FREE && now >= c->deadline)
		time_out(c);
	if (c->state == FREE)
		return DM_NO_DEADLINE;
	if (c->state == SENDING && c->picture && !c->unacked)
		return now + time_from_us(RETRY_US);
	return c->deadline;
}

/* Connections first: one may begin its picture, and whose turn it is goes before all others. */
u64 http_run(void)
{
	struct connection *first = longest_waiting();
	u64 next = DM_NO_DEADLINE, due;

	if (first)
		try_picture(first);
	for (u32 i = 0; i < CONNECTIONS; i++) {
		if (connections[i].state == FREE)
			continue;
		due = look_at(&connections[i]);
		next = MIN(next, due);
	}
	due = picture_run();
	return MIN(next, due);
}
