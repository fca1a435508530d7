// SPDX-License-Identifier: GPL-2.0-only
#include "filter/expression.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <pcap/pcap.h>

#include "filter/cbpf.h"
#include "util/error.h"
#include "util/text.h"

#define SNAPLEN 262144
#define MAX_OPEN 64	/* nested brackets that the search for a mistake closes */
#define SHOWN_BEFORE 60 /* bytes of an expression that a message shows around a mistake */
#define SHOWN_BEHIND 100

struct expression {
	char *text;
	void *code; /* struct sock_filter; libpcap's headers define it under another name */
	size_t count;
};

_Static_assert(sizeof(struct bpf_insn) == 8, "libpcap's instructions are the kernel's");

/* libpcap and an empty capture file, for which expressions are compiled. */
struct libpcap {
	void *library;
	pcap_t *capture;
	__typeof__(pcap_fopen_offline) *fopen_offline;
	__typeof__(pcap_compile) *compile;
	__typeof__(pcap_freecode) *freecode;
	__typeof__(pcap_geterr) *geterr;
	__typeof__(pcap_close) *close;
};

static void libpcap_close(struct libpcap *pcap)
{
	if (pcap->capture)
		pcap->close(pcap->capture);
	if (pcap->library)
		dlclose(pcap->library);
}

/* Loaded on demand: linking libpcap would load D-Bus and other libraries in every run. */
static int libpcap_load(struct libpcap *pcap, struct error *err)
{
	const struct {
		const char *name;
		void *function;
	} wanted[] = {
		{ "pcap_fopen_offline", &pcap->fopen_offline },
		{ "pcap_compile", &pcap->compile },
		{ "pcap_freecode", &pcap->freecode },
		{ "pcap_geterr", &pcap->geterr },
		{ "pcap_close", &pcap->close },
	};

	*pcap = (struct libpcap){ .library = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL) };
	/* The name outside Debian. */
	if (!pcap->library)
		pcap->library = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!pcap->library)
		return error_set(err, STATUS_ENVIRONMENT, ENOENT,
				 "a filter expression needs libpcap, which cannot be loaded (on "
				 "Debian: apt-get install libpcap0.8): %s",
				 dlerror());
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *symbol = dlsym(pcap->library, wanted[i].name);

		if (!symbol)
			return error_set(err, STATUS_ENVIRONMENT, ENOENT,
					 "libpcap lacks the function %s", wanted[i].name);
		memcpy(wanted[i].function, &symbol, sizeof(symbol));
	}
	return 0;
}

/*
 * The capture is a file, not an interface: libpcap then refuses expressions that need more than the
 * bytes of a frame.
 */
static int libpcap_open(struct libpcap *pcap, struct error *err)
{
	struct pcap_file_header header = {
		.magic = 0xa1b2c3d4,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = SNAPLEN,
		.linktype = DLT_EN10MB,
	};
	char message[PCAP_ERRBUF_SIZE] = "";
	int result = libpcap_load(pcap, err);
	FILE *file;

	if (result)
		return result;
	file = fmemopen(&header, sizeof(header), "r");
	if (!file)
		return error_nomem(err);
	pcap->capture = pcap->fopen_offline(file, message);
	if (!pcap->capture) {
		fclose(file);
		return error_set(err, STATUS_ENVIRONMENT, EIO, "libpcap: %s", message);
	}
	return 0;
}

/* Compile a text. `message` is libpcap's error, or empty. `program` may be NULL. */
static void compile(const struct libpcap *pcap, const char *text, struct bpf_program *program,
		    char message[PCAP_ERRBUF_SIZE])
{
	struct bpf_program unused;

	message[0] = '\0';
	if (pcap->compile(pcap->capture, program ? program : &unused, text, 1,
			  PCAP_NETMASK_UNKNOWN))
		snprintf(message, PCAP_ERRBUF_SIZE, "%s", pcap->geterr(pcap->capture));
	else if (!program)
		pcap->freecode(&unused);
}

static bool is_syntax_error(const char *message)
{
	return strstr(message, "syntax error") != NULL;
}

/* Write the brackets that close those left open in a text. */
static void close_brackets(const char *text, size_t length, char close[MAX_OPEN + 1])
{
	char open[MAX_OPEN] = "";
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		if ((text[i] == '(' || text[i] == '[') && count < sizeof(open))
			open[count++] = text[i] == '(' ? ')' : ']';
		else if ((text[i] == ')' || text[i] == ']') && count > 0)
			count--;
	}
	while (count > 0)
		*close++ = open[--count];
	*close = '\0';
}

/*
 * Whether libpcap gives the same message for the first `length` bytes of a text, followed by `word`
 * and closed brackets. Arithmetic is an expression only when compared with a number, so " = 1" is
 * tried before each of the brackets.
 */
static bool gets_message(const struct libpcap *pcap, const char *message, const char *text,
			 size_t length, const char *word)
{
	char close[MAX_OPEN + 1];
	bool gets = true;

	close_brackets(text, length, close);
	for (size_t compared = 0; compared <= strlen(close) + 1; compared++) {
		char said[PCAP_ERRBUF_SIZE];
		size_t before = compared ? compared - 1 : strlen(close);
		char *whole;

		if (asprintf(&whole, "%.*s%s%.*s%s%s", (int)length, text, word, (int)before, close,
			     compared ? " = 1" : "", close + before) < 0)
			return false;
		compile(pcap, whole, NULL, said);
		free(whole);
		if (is_syntax_error(message))
			gets &= is_syntax_error(said);
		else if (strcmp(message, said) == 0)
			return true;
	}
	return gets && is_syntax_error(message);
}

/*
 * Whether the mistake is in the first `length` bytes of the text. A syntax error is there if none
 * of the words that may follow makes them an expression.
 */
static bool is_about(const struct libpcap *pcap, const char *message, const char *text,
		     size_t length)
{
	static const char *const words[] = { "",	"[1]",	   " 1",
					     " tcp",	" port 1", " 1.2.3.4",
					     " host 1", " and 1 ", " dst host 1",
					     " 1-2",	"1",	   " mgt",
					     " beacon", " nods",   " pass" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!gets_message(pcap, message, text, length, words[i]))
			return false;
		if (!is_syntax_error(message))
			return true;
	}
	return true;
}

/* The length of the token at `text`, as in libpcap's lexer. */
static size_t token_length(const char *text)
{
	static const char *const operators[] = { "&&", "||", "<<", ">>", "<=", ">=", "!=", "==" };
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) ||
	       (text[length] && strchr("._:-\\", text[length])))
		length++;
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators) && !length; i++)
		if (strncmp(text, operators[i], 2) == 0)
			length = 2;
	return length ? length : 1;
}

/* libpcap does not report the place of a mistake: find the first token that causes the message. */
static size_t find_place(const struct libpcap *pcap, const char *message, const char *text)
{
	size_t place = strspn(text, " \t\r\n");

	while (text[place]) {
		size_t length = token_length(text + place);

		if (is_about(pcap, message, text, place + length))
			return place;
		place += length;
		place += strspn(text + place, " \t\r\n");
	}
	return place;
}

/* libpcap's message and, cut to a line, the expression with a caret below the mistake. */
static int refuse(const struct libpcap *pcap, const char *text, const char *message,
		  struct error *err)
{
	size_t place = find_place(pcap, message, text);
	size_t from = place > SHOWN_BEFORE ? place - SHOWN_BEFORE : 0;
	char quoted[ERROR_QUOTE_SIZE];
	char escaped[4 * PCAP_ERRBUF_SIZE];
	char before[4 * SHOWN_BEFORE + 1];
	char behind[4 * SHOWN_BEHIND + 1];

	text_escape(escaped, sizeof(escaped), message, strlen(message), "", NULL);
	text_escape(before, sizeof(before), text + from, place - from, "", NULL);
	text_escape(behind, sizeof(behind), text + place, strnlen(text + place, SHOWN_BEHIND), "",
		    NULL);
	return error_set(err, STATUS_USAGE, EINVAL, "%s: %s\n  %s%s\n  %*s^",
			 error_quote(quoted, text), escaped, before, behind, (int)strlen(before),
			 "");
}

static int take_program(struct expression *expression, const struct bpf_program *program,
			const char *text, struct error *err)
{
	const char *refusal = cbpf_refusal((const void *)program->bf_insns, program->bf_len);
	size_t size = program->bf_len * sizeof(*program->bf_insns);
	char quoted[ERROR_QUOTE_SIZE];

	if (refusal)
		return error_set(err, STATUS_USAGE, EOPNOTSUPP, "%s: %s", error_quote(quoted, text),
				 refusal);
	expression->count = program->bf_len;
	expression->code = malloc(size);
	expression->text = strdup(text);
	if (!expression->code || !expression->text)
		return error_nomem(err);
	memcpy(expression->code, program->bf_insns, size);
	return 0;
}

int expression_compile(struct expression **expression, const char *text, struct error *err)
{
	char message[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	struct libpcap pcap;
	int result;

	*expression = NULL;
	result = libpcap_open(&pcap, err);
	if (result)
		goto out;
	compile(&pcap, text, &program, message);
	if (message[0]) {
		result = refuse(&pcap, text, message, err);
		goto out;
	}
	*expression = calloc(1, sizeof(**expression));
	result = *expression ? take_program(*expression, &program, text, err) : error_nomem(err);
	pcap.freecode(&program);
out:
	libpcap_close(&pcap);
	if (result) {
		expression_free(*expression);
		*expression = NULL;
	}
	return result;
}

const char *expression_text(const struct expression *expression)
{
	return expression->text;
}

int expression_emit(const struct expression *expression, FILE *out)
{
	return cbpf_emit(expression->code, expression->count, out);
}

void expression_free(struct expression *expression)
{
	if (!expression)
		return;
	free(expression->code);
	free(expression->text);
	free(expression);
}
