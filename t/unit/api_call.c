#include "config.h"

#include "api_call.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"

char api_dir[] = "/tmp/check_api.XXXXXX";
const char *api_params[API_PARAMS] = { "SERVER_ADDR=127.0.0.1" };
struct conf conf;
struct service service;
static struct service_thread *thread;
static struct route tbl[RESPONDER_ROUTES_MAX];
static struct routes routes;

struct reply out;
struct text http;
struct json_object *body;

void
api_start(void)
{
	ck_assert_ptr_nonnull(mkdtemp(api_dir));
	conf_defaults(&conf);
	FIELD_SET(conf.run_dir, api_dir);
	FIELD_SET(conf.state_dir, api_dir);
	conf.table_rows = 16;
}

void
api_go(void)
{
	struct err e;

	ck_assert_msg(service_open(&service, &conf, &e) == 0, "%s", e.text);
	ck_assert_ptr_nonnull(thread = service_thread_new(&service, &e));
	routes = api_routes(tbl, &conf);
}

void
api_finish(void)
{
	char command[128];

	(void)json_object_put(body);
	text_fini(&out.body);
	text_fini(&http);
	service_thread_free(thread);
	service_close(&service);
	(void)snprintf(command, sizeof command, "rm -r '%s'", api_dir);
	ck_assert_int_eq(system(command), 0);
}

static bool
gone(struct sink *to, int ms)
{
	(void)to;
	(void)ms;
	return false;
}

/* As fcgi_exchange does it. */
int
call_with(const char *method, const char *path, const char *query, const char *send, const char *if_none_match)
{
	static struct sink client = { .wait = gone };	/* nobody waits here */
	struct request rq = { .client = &client, .params = (char *const *)api_params, .method = method, .path = path, .query = slice_of(query),
	    .content_length = send != NULL ? (long long)strlen(send) : -1,
	    .content_type = send != NULL ? "application/json" : "", .if_none_match = if_none_match,
	    .request_id = "test", .ctx = thread };
	const struct route *r;
	int status = 0;

	reply_clear(&out);
	text_clear(&http);
	(void)json_object_put(body);
	body = NULL;
	if ((r = route_choose(&routes, &rq, &out, &status)) != NULL) {
		rq.body = slice_of(send != NULL ? send : "");
		status = route_run(r, &rq, &out);
	}
	ck_assert(reply_write(&http, &rq, status, &out));
	ck_assert_int_eq(sscanf(text_str(&http), "Status: %d", &status), 1);
	if (out.body.len > 0)
		ck_assert_msg((body = json_tokener_parse(text_str(&out.body))) != NULL, "not JSON: %s", out.body.p);
	return status;
}

int
call(const char *method, const char *path, const char *query, const char *send)
{
	return call_with(method, path, query, send, "");
}

const char *
str(const char *name)
{
	struct json_object *v;

	return body != NULL && json_object_object_get_ex(body, name, &v) && v != NULL ? json_object_get_string(v) : "";
}

int64_t
num(const char *name)
{
	struct json_object *v;

	ck_assert_msg(json_object_object_get_ex(body, name, &v), "%s in %s", name, text_str(&out.body));
	return json_object_get_int64(v);
}

const char *
header(const char *name)
{
	for (unsigned i = 0; i < out.n_headers; i++)
		if (strcmp(out.header[i].name, name) == 0)
			return out.header[i].value;
	return "";
}

void
crawl(char id[ID_UUID_BYTES])
{
	ck_assert_int_eq(call("POST", "/api/knowledge-items/crawl", "", "{\"url\":\"https://docs.example.com/\"}"), 202);
	(void)snprintf(id, ID_UUID_BYTES, "%s", str("progressId"));
}

void
end_it(const char *id, enum crawl_phase phase)
{
	struct crawl_progress p;
	int i;

	ck_assert_int_eq(table_read_id(service.table, id, &p), 0);
	p.seq++;
	p.phase = phase;
	p.ended_wall_ms = p.updated_wall_ms = clock_wall_ms();
	ck_assert_int_ge(i = table_find(service.table, id), 0);
	table_publish(service.table, (unsigned)i, &p);
	ck_assert_int_eq(store_crawl_save(service.store, &p), 0);
}

int
suite_run(const char *name, void (*add)(void *tcase))
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, api_start, NULL);
	tcase_set_timeout(tc, 60);
	add(tc);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
