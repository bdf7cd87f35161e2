/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h: messages, on stderr. Data goes to stdout and never through here.
 *
 * In the journal (JOURNAL_STREAM names our stderr) each line has a <N> priority, elsewhere a word.
 * Messages of libbpf and libxdp are kept at debug level and shown when something failed.
 */
#ifndef AD_LOG_H
#define AD_LOG_H

enum log_level {
	LOG_ERR_,
	LOG_WARN_,
	LOG_INFO_,
	LOG_DEBUG_
};

/*
 * Every call is one line, whatever is in its text: printable.h. What is shown: everything up to
 * @level. Default LOG_INFO_ for `run`, LOG_WARN_ elsewhere.
 */
void log_set_level(enum log_level level);

/*
 * From now on the caller never waits for stderr: a line for which there is no room is dropped, and
 * a later line says how many were.
 */
void log_never_wait(void);

void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_err(...)   log_print(LOG_ERR_, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARN_, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO_, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG_, __VA_ARGS__)

/* Route libbpf and libxdp through us; call once. */
void log_adopt_libbpf(void);
/* Show what libbpf said since the last call (after a failure), or forget it. */
void log_replay_libbpf(void);
void log_forget_libbpf(void);

#endif
