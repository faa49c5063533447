/* upload: documents into the knowledge base, one after the other. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/follow.h"
#include "ctl/http.h"
#include "ctl/snapshot.h"
#include "shared/ids.h"
#include "shared/json_text.h"

enum { SEND_MS = 600000 };		/* for the whole of one document */

static void
add_field(curl_mime *form, const char *name, const char *value)
{
	curl_mimepart *part = curl_mime_addpart(form);

	curl_mime_name(part, name);
	curl_mime_data(part, value, CURL_ZERO_TERMINATED);	/* copies */
}

static void
fill(curl_mime *form, const struct options *o, const char *file, const char *id)
{
	struct text tags = { 0 };

	add_field(form, "progress_id", id);
	if (o->type != NULL)
		add_field(form, "knowledge_type", o->type);
	put_list(&tags, NULL, &o->tags);
	if (tags.len > 0 && text_str(&tags) != NULL)
		add_field(form, "tags", text_str(&tags));
	text_fini(&tags);
	curl_mimepart *part = curl_mime_addpart(form);

	curl_mime_name(part, "file");
	curl_mime_filedata(part, file);	/* read as it is sent; its name goes along */
}

static int
send_file(const struct ctl *ctl, const char *file, const char *id, struct json_object **out)
{
	CURL *curl = curl_easy_init();
	curl_mime *form = curl != NULL ? curl_mime_init(curl) : NULL;
	struct http_reply rp;
	struct err e;
	int rc = CTL_FAILED;

	if (form == NULL) {
		fputs("archonctl: out of memory\n", stderr);
	} else {
		fill(form, &ctl->opt, file, id);
		http_setup(curl, ctl, "/api/documents/upload");
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)SEND_MS);
		curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
		if (http_perform(curl, ctl, &rp, &e) == 0) {
			rc = http_object(ctl, &rp, out);
		} else {
			fprintf(stderr, "archonctl: %s\n", e.text);
			rc = CTL_UNREACHABLE;
		}
	}
	curl_mime_free(form);
	curl_easy_cleanup(curl);
	return rc;
}

static void
print_object(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int
upload_one(const struct ctl *ctl, const char *file)
{
	struct json_object *o = NULL;
	struct follow *f = NULL;
	char id[ID_UUID_BYTES], message[400];
	const char *progress_id;
	int rc;

	if (access(file, R_OK) != 0) {	/* curl would say "read error" */
		perror(file);
		return CTL_FAILED;
	}
	id_uuid(id);
	/* Subscribed first, so that not even a short document is missed. */
	if (!ctl->opt.detach && (f = follow_start(ctl, id)) == NULL)
		return CTL_FAILED;
	if ((rc = send_file(ctl, file, id, &o)) != CTL_DONE)
		goto done;
	progress_id = json_text_of(o, "progressId");
	printable(message, sizeof message, json_text_of(o, "message"));
	if (!ctl->opt.json)
		printf("%s: %s\n", file, message);
	else if (ctl->opt.detach || strcmp(progress_id, id) != 0)
		print_object(o);
	fflush(stdout);
	if (!ctl->opt.detach && strcmp(progress_id, id) == 0)	/* else it is known, or somebody else's work */
		rc = crawl_follow(ctl, f, id);
done:
	json_object_put(o);
	follow_stop(f);
	return rc;
}

int
cmd_upload(const struct ctl *ctl)
{
	int worst = CTL_DONE, rc;

	for (char **file = ctl->opt.argv; *file != NULL; file++) {
		rc = upload_one(ctl, *file);
		if (rc == CTL_CANCELLED || rc == CTL_LEFT || rc == CTL_UNREACHABLE)
			return rc;
		if (rc != CTL_DONE)
			worst = rc;
	}
	return worst;
}
