#include "config.h"

#include "ctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "shared/text.h"

#define ENTER "\033[?1049h\033[?25l"	/* the other screen, no cursor (xterm's, and everybody's since) */
#define LEAVE "\033[?25h\033[?1049l"

static struct termios before;
static volatile sig_atomic_t is_open;
static int signal_fd = -1, died_of;
static sigset_t mask_before;

static const int asked[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH };
static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU, SIGXFSZ };

static void
put(const char *s, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;		/* the terminal is gone: poll(2) tells */
		s += n;
		len -= (size_t)n;
	}
}

/* Async-signal-safe: a handler calls it too. */
static void
leave(void)
{
	if (!is_open)
		return;
	is_open = 0;
	put(LEAVE, sizeof LEAVE - 1);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void
enter(void)
{
	struct termios raw = before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);	/* keys at once; ISIG stays: Ctrl-C and Ctrl-Z are signals */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	is_open = 1;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	put(ENTER, sizeof ENTER - 1);
}

static void
on_fatal(int sig)			/* SA_RESETHAND: raised again it kills */
{
	leave();
	(void)raise(sig);
}

int
screen_open(void)
{
	struct sigaction sa = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND | SA_NODEFER };
	sigset_t set;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return -errno;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		(void)sigaddset(&set, asked[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &mask_before);
	if ((signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) {
		int rc = -errno;

		(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
		return rc;
	}
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		(void)sigaction(fatal[i], &sa, NULL);
	enter();
	return 0;
}

void
screen_close(void)
{
	leave();
	(void)close(signal_fd);
	signal_fd = -1;
	if (died_of == 0)		/* else screen_die() unblocks it */
		(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void
screen_size(unsigned *lines, unsigned *columns)
{
	struct winsize w;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0;

	*lines = known ? w.ws_row : 24;
	*columns = known ? w.ws_col : 80;
}

void
screen_show(const char *s, size_t len)
{
	struct text out = { 0 };

	text_puts(&out, "\033[H");
	while (len > 0) {
		size_t n = strcspn(s, "\n");

		n = n < len ? n : len;
		text_put(&out, s, n);
		text_puts(&out, "\033[K");	/* what stood there before goes, without a flicker */
		s += n;
		len -= n;
		if (len > 0) {
			s++;
			len--;
			if (len > 0)
				text_putc(&out, '\n');	/* not after the last: the screen would scroll */
		}
	}
	text_puts(&out, "\033[J");
	put(out.p, out.len);
	text_fini(&out);
}

static void
stop(void)				/* Ctrl-Z: as if we had never touched the terminal */
{
	sigset_t tstp;

	leave();
	(void)sigemptyset(&tstp);
	(void)sigaddset(&tstp, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &tstp, NULL);	/* here we stand still */
	(void)sigprocmask(SIG_BLOCK, &tstp, NULL);
	enter();
}

static enum screen_event
signalled(void)
{
	struct signalfd_siginfo si;

	if (read(signal_fd, &si, sizeof si) != (ssize_t)sizeof si)
		return SCREEN_TIME;
	switch ((int)si.ssi_signo) {
	case SIGTSTP:
		stop();
		return SCREEN_RESIZED;
	case SIGCONT:			/* of a SIGSTOP, perhaps: somebody else had the terminal */
		leave();
		enter();
		return SCREEN_RESIZED;
	case SIGWINCH:
		return SCREEN_RESIZED;
	default:
		died_of = (int)si.ssi_signo;
		return SCREEN_ENDED;
	}
}

enum screen_event
screen_wait(int ms, char *key)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = signal_fd, .events = POLLIN } };

	if (poll(fds, 2, ms) < 0)
		return SCREEN_TIME;
	if (fds[1].revents != 0)
		return signalled();
	if (fds[0].revents == 0)
		return SCREEN_TIME;
	return read(STDIN_FILENO, key, 1) == 1 ? SCREEN_KEY : SCREEN_ENDED;
}

int
screen_die(void)
{
	if (died_of == 0)
		return 0;
	(void)signal(died_of, SIG_DFL);
	(void)raise(died_of);
	(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);	/* here it ends, unless its end is to be ignored */
	return died_of;
}
