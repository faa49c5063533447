#include "config.h"

#include "shared/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/conf.h"
#include "shared/text.h"

#define DIRECTORY "uploads"
#define COMING "coming."	/* files that are not whole yet; no source's id begins so */
#define SCHEME "file:///"

enum { CLOCK_LAG_MS = 20, PATH_BYTES = CONF_TEXT_BYTES + 64, SOURCE_LEN = ID_SOURCE_BYTES - 1 };

/* -- names ------------------------------------------------------------------------- */

int
upload_name_read(char out[UPLOAD_NAME_BYTES], const char *given, struct err *e)
{
	const char *name = given;
	size_t len;

	for (const char *p = given; *p != '\0'; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	len = strlen(name);
	if (len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(e, -EINVAL, "The file needs a name, such as guide.pdf");
	if (len >= UPLOAD_NAME_BYTES)
		return err_set(e, -EINVAL, "The file's name is longer than the %d bytes taken here", UPLOAD_NAME_BYTES - 1);
	if (utf8_valid_len(name, len) != len)
		return err_set(e, -EINVAL, "The file's name is not valid UTF-8 text");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return err_set(e, -EINVAL, "The file's name holds a control character");
	memcpy(out, name, len + 1);
	return 0;
}

static const struct {
	const char *end;
	enum upload_type type;
} ends[] = {
	{ "pdf", UPLOAD_PDF }, { "docx", UPLOAD_DOCX }, { "md", UPLOAD_MARKDOWN }, { "markdown", UPLOAD_MARKDOWN },
	{ "txt", UPLOAD_TEXT }, { "text", UPLOAD_TEXT }, { "html", UPLOAD_HTML }, { "htm", UPLOAD_HTML },
	{ "xhtml", UPLOAD_HTML }, { "rst", UPLOAD_RST }, { "rest", UPLOAD_RST },
};
enum { N_ENDS = sizeof ends / sizeof ends[0] };

int
upload_type(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (unsigned i = 0; dot != NULL && i < N_ENDS; i++)
		if (strcasecmp(dot + 1, ends[i].end) == 0)
			return (int)ends[i].type;
	return -ENOENT;
}

const char *
upload_type_word(enum upload_type type)
{
	for (unsigned i = 0; i < N_ENDS; i++)
		if (ends[i].type == type)
			return ends[i].end;
	return "";
}

int
upload_check(enum upload_type type, const char *start, size_t len, struct err *e)
{
	bool pdf = memmem(start, len < UPLOAD_SNIFF_BYTES ? len : UPLOAD_SNIFF_BYTES, "%PDF-", 5) != NULL;
	bool zip = len >= 4 && memcmp(start, "PK\3\4", 4) == 0;
	bool utf16 = len >= 2 && (memcmp(start, "\xff\xfe", 2) == 0 || memcmp(start, "\xfe\xff", 2) == 0);

	if (type == UPLOAD_PDF)
		return pdf ? 0 : err_set(e, -EINVAL, "The name says PDF, but the content is none");
	if (type == UPLOAD_DOCX)
		return zip ? 0 : err_set(e, -EINVAL, "The name says DOCX, but the content is none");
	if (zip || (pdf && memmem(start, len < 8 ? len : 8, "%PDF-", 5) != NULL))
		return err_set(e, -EINVAL, "The name says %s, but the content is %s: give the file its right name",
		    upload_type_word(type), zip ? "a ZIP archive (perhaps DOCX)" : "PDF");
	if (!utf16 && memchr(start, '\0', len) != NULL)
		return err_set(e, -EINVAL, "The name says %s, but the content is no text", upload_type_word(type));
	return 0;
}

/* -- addresses --------------------------------------------------------------------- */

bool
upload_is(const char *url)
{
	const char *id = url + sizeof SCHEME - 1;

	return strncmp(url, SCHEME, sizeof SCHEME - 1) == 0 && strspn(id, "0123456789abcdef") == SOURCE_LEN &&
	    id[SOURCE_LEN] == '/' && id[SOURCE_LEN + 1] != '\0';
}

static bool
stays(char c)				/* in a path, as it is */
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c != '\0' && strchr("-._~!$&'()*+,;=:@", c) != NULL);
}

void
upload_url(char out[ROW_URL_BYTES], const char *source_id, const char *name)
{
	size_t n = (size_t)snprintf(out, ROW_URL_BYTES, SCHEME "%s/", source_id);

	_Static_assert(sizeof SCHEME + ID_SOURCE_BYTES + 3 * UPLOAD_NAME_BYTES <= ROW_URL_BYTES, "every name fits");
	for (; *name != '\0'; name++)
		n += (size_t)(stays(*name) ? snprintf(out + n, ROW_URL_BYTES - n, "%c", *name) :
		    snprintf(out + n, ROW_URL_BYTES - n, "%%%02X", (unsigned char)*name));
}

void
upload_url_name(const char *url, char out[UPLOAD_NAME_BYTES])
{
	const char *p = strrchr(url, '/') + 1;
	size_t n = 0;

	while (*p != '\0' && n < UPLOAD_NAME_BYTES - 1) {
		unsigned byte;

		if (*p == '%' && sscanf(p + 1, "%2x", &byte) == 1 && byte != 0) {
			out[n++] = (char)byte;
			p += p[1] != '\0' && p[2] != '\0' ? 3 : 2;
		} else {
			out[n++] = *p++;
		}
	}
	out[n] = '\0';
}

void
upload_url_source(const char *url, char out[ID_SOURCE_BYTES])
{
	memcpy(out, url + sizeof SCHEME - 1, SOURCE_LEN);
	out[SOURCE_LEN] = '\0';
}

/* -- files ------------------------------------------------------------------------- */

struct upload_file {
	int	 fd;
	char	 dir[PATH_BYTES], path[PATH_BYTES];	/* path empty: it is kept */
	struct sha256_ctx sha256;
};

static int
dir_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0 || fsync(fd) != 0)
		rc = -errno;
	if (fd >= 0)
		(void)close(fd);	/* read only */
	return rc;
}

static int
dir_make(const char *state_dir, char dir[PATH_BYTES])
{
	(void)snprintf(dir, PATH_BYTES, "%s/" DIRECTORY, state_dir);
	if (mkdir(dir, 0770) == -1)
		return errno == EEXIST ? 0 : -errno;
	/* Whatever our umask: one of the group writes what another reads and removes. */
	return chmod(dir, 0770) == -1 ? -errno : dir_sync(state_dir);
}

int
upload_file_new(struct upload_file **out, const char *state_dir, struct err *e)
{
	struct upload_file *f = calloc(1, sizeof *f);
	int rc;

	if (f == NULL)
		return err_set(e, -ENOMEM, "out of memory");
	f->fd = -1;
	if ((rc = dir_make(state_dir, f->dir)) == 0) {
		(void)snprintf(f->path, sizeof f->path, "%.*s/" COMING "XXXXXX", (int)(sizeof f->path - 20), f->dir);
		if ((f->fd = mkostemp(f->path, O_CLOEXEC)) < 0) {
			rc = -errno;
			f->path[0] = '\0';
		} else if (fchmod(f->fd, 0640) == -1) {
			rc = -errno;
		}
	}
	if (rc < 0) {
		(void)err_set(e, rc, "%.100s: %s", f->dir, strerror(-rc));
		upload_file_free(f);
		return rc;
	}
	sha256_init(&f->sha256);
	*out = f;
	return 0;
}

int
upload_file_write(struct upload_file *f, const void *p, size_t len)
{
	const char *at = p;

	sha256_update(&f->sha256, len, p);
	while (len > 0) {
		ssize_t n = write(f->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

void
upload_file_source(struct upload_file *f, char out[ID_SOURCE_BYTES])
{
	struct sha256_ctx ctx = f->sha256;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&ctx, sizeof digest, digest);
	id_source(out, digest, sizeof digest);
}

int
upload_file_keep(struct upload_file *f, const char *source_id)
{
	char to[PATH_BYTES];

	if (snprintf(to, sizeof to, "%s/%s", f->dir, source_id) >= PATH_BYTES)
		return -ENAMETOOLONG;
	/* Its age counts from here, see upload_remove(). */
	if (futimens(f->fd, NULL) != 0 || fsync(f->fd) != 0 || rename(f->path, to) != 0)
		return -errno;
	f->path[0] = '\0';
	return dir_sync(f->dir);
}

void
upload_file_free(struct upload_file *f)
{
	if (f == NULL)
		return;
	if (f->path[0] != '\0')
		(void)unlink(f->path);	/* fails: it is swept later */
	if (f->fd >= 0)
		(void)close(f->fd);	/* what counts was synced */
	free(f);
}

int
upload_open(const char *state_dir, const char *source_id)
{
	char path[PATH_BYTES];
	int fd;

	(void)snprintf(path, sizeof path, "%s/" DIRECTORY "/%s", state_dir, source_id);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 ? fd : -errno;
}

int
upload_remove(const char *state_dir, const char *source_id, int64_t until_wall_ms)
{
	char path[PATH_BYTES];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/" DIRECTORY "/%s", state_dir, source_id);
	/* A file's clock lags by a tick of the kernel: in doubt it stays, and is swept later. */
	if (stat(path, &st) == 0 && (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 + CLOCK_LAG_MS > until_wall_ms)
		return 0;
	return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}

static bool
may_go(int dir_fd, const char *name, time_t before, upload_wanted_f *wanted, void *arg)
{
	struct stat st;

	if (name[0] == '.' || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) || st.st_mtime > before)
		return false;
	if (strncmp(name, COMING, sizeof COMING - 1) == 0)
		return true;
	return strlen(name) == SOURCE_LEN && !wanted(name, arg);
}

int
upload_sweep(const char *state_dir, int age_s, upload_wanted_f *wanted, void *arg)
{
	char path[PATH_BYTES];
	struct dirent *d;
	DIR *dir;
	int n = 0;

	(void)snprintf(path, sizeof path, "%s/" DIRECTORY, state_dir);
	if ((dir = opendir(path)) == NULL)
		return errno == ENOENT ? 0 : -errno;
	while ((d = readdir(dir)) != NULL)
		if (may_go(dirfd(dir), d->d_name, time(NULL) - age_s, wanted, arg) && unlinkat(dirfd(dir), d->d_name, 0) == 0)
			n++;
	(void)closedir(dir);		/* read only */
	return n;
}
