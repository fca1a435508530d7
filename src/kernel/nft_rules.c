// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/nft_rules.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/nft_helper.h"
#include "kernel/nft_listing.h"
#include "util/clock.h"
#include "util/error.h"

#define MILLISECOND 1000000u /* in nanoseconds */
#define MAX_WAIT (100 * MILLISECOND)
#define MIN_INTERVAL (100 * MILLISECOND) /* between two questions for a namespace */
#define MAX_LISTING (64u << 20)		 /* bytes */
#define MAX_NAMESPACES 64

struct namespace
{
	uint32_t inode;
	uint64_t next_question; /* CLOCK_MONOTONIC, nanoseconds */
	struct nft_version version;
	struct nft_listing listing;
};

struct nft_rules {
	pid_t helper;
	int socket; /* -1: the helper has ended */
	struct namespace namespaces[MAX_NAMESPACES];
	size_t count;
	struct namespace *asked; /* whose answer has not come; NULL: none */
	uint64_t asked_at;
	uint64_t next_wait; /* until then the reader waits for no answer */
	/* What has come of the answer: its head, then its text. */
	struct nft_answer head;
	size_t received;
	char *text;
};

int nft_rules_create(struct nft_rules **created, struct error *err)
{
	struct nft_rules *rules = calloc(1, sizeof(*rules));
	int sockets[2];
	bool loaded = false;
	ssize_t got;

	if (!rules)
		return error_nomem(err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets)) {
		free(rules);
		return error_set(err, STATUS_ENVIRONMENT, errno, "cannot create a socket: %s",
				 strerror(errno));
	}
	rules->helper = fork();
	if (rules->helper < 0) {
		error_set(err, STATUS_ENVIRONMENT, errno, "cannot start a process: %s",
			  strerror(errno));
		close(sockets[0]);
		close(sockets[1]);
		free(rules);
		return -EAGAIN;
	}
	if (rules->helper == 0) {
		close(sockets[0]);
		nft_helper_serve(sockets[1]);
	}
	rules->socket = sockets[0];
	close(sockets[1]);
	do
		got = recv(rules->socket, &loaded, sizeof(loaded), MSG_WAITALL);
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(loaded) && loaded) {
		*created = rules;
		return 0;
	}
	nft_rules_free(rules);
	if (got != (ssize_t)sizeof(loaded))
		return error_set(err, STATUS_ENVIRONMENT, ECHILD,
				 "the process that reads nftables rules has ended at once");
	return error_set(err, STATUS_ENVIRONMENT, ENOENT,
			 "cannot show the text of nftables rules without libnftables.so.1: install "
			 "libnftables1 (Debian, Ubuntu) or nftables");
}

static void stop(struct nft_rules *rules)
{
	if (rules->socket >= 0)
		close(rules->socket);
	rules->socket = -1;
	if (rules->helper > 0) {
		kill(rules->helper, SIGKILL);
		waitpid(rules->helper, NULL, 0);
	}
	rules->helper = 0;
	rules->asked = NULL;
}

void nft_rules_free(struct nft_rules *rules)
{
	if (!rules)
		return;
	stop(rules);
	for (size_t i = 0; i < rules->count; i++)
		nft_listing_free(&rules->namespaces[i].listing);
	free(rules->text);
	free(rules);
}

static struct namespace *find_namespace(struct nft_rules *rules, uint32_t inode)
{
	struct namespace *found;

	for (size_t i = 0; i < rules->count; i++)
		if (rules->namespaces[i].inode == inode)
			return &rules->namespaces[i];
	/* With very many, each takes the place of one that came earlier. */
	found = &rules->namespaces[rules->count < MAX_NAMESPACES ? rules->count++
								 : inode % MAX_NAMESPACES];
	if (found == rules->asked)
		return NULL;
	nft_listing_free(&found->listing);
	*found = (struct namespace){ .inode = inode };
	return found;
}

/* Use what has come of an answer. Returns 1: more is missing; 0: it is complete; -1: none comes. */
static int receive(struct nft_rules *rules)
{
	struct nft_answer *head = &rules->head;

	for (;;) {
		const bool in_head = rules->received < sizeof(*head);
		const size_t at = in_head ? rules->received : rules->received - sizeof(*head);
		const size_t missing = (in_head ? sizeof(*head) : head->size) - at;
		ssize_t got;

		if (!in_head && (missing == 0 || head->size > MAX_LISTING))
			return missing == 0 ? 0 : -1;
		if (!in_head && !rules->text)
			rules->text = malloc(head->size + 1);
		if (!in_head && !rules->text)
			return -1;
		got = recv(rules->socket, (in_head ? (char *)head : rules->text) + at, missing,
			   MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 && errno == EAGAIN ? 1 : -1;
		rules->received += (size_t)got;
	}
}

/* Wait for the answer until `end`. False: it has not come yet. */
static bool take_answer(struct nft_rules *rules, uint64_t end)
{
	struct namespace *asked = rules->asked;
	uint64_t now;
	int result;

	while ((result = receive(rules)) == 1) {
		struct pollfd ready = { .fd = rules->socket, .events = POLLIN };

		now = clock_monotonic();
		if (now >= end)
			return false;
		if (poll(&ready, 1, (int)((end - now) / MILLISECOND) + 1) < 0 && errno == EINTR)
			end = 0; /* a signal: the session ends */
	}
	if (result == 0 && rules->head.changed) {
		asked->version = rules->head.version;
		nft_listing_free(&asked->listing);
		if (rules->text) {
			rules->text[rules->head.size] = '\0';
			if (nft_listing_parse(&asked->listing, rules->text))
				asked->version.generation = 0; /* try again */
		}
		rules->text = NULL;
	}
	/* Answers that take long are asked for less often, and waited for a small part of the time.
	 */
	now = clock_monotonic();
	asked->next_question = now + MIN_INTERVAL + 10 * (now - rules->asked_at);
	rules->next_wait = now + 10 * (now - rules->asked_at);
	rules->asked = NULL;
	if (result < 0)
		stop(rules);
	return true;
}

const char *nft_rules_find(struct nft_rules *rules, uint32_t netns, const char *family,
			   const char *table, const char *chain, uint64_t handle)
{
	struct namespace *found;

	if (rules->asked)
		take_answer(rules, 0);
	found = find_namespace(rules, netns);
	if (!found)
		return NULL;
	if (!rules->asked && rules->socket >= 0 && clock_monotonic() >= found->next_question) {
		const struct nft_question question = { found->version, netns };

		if (send(rules->socket, &question, sizeof(question), MSG_NOSIGNAL) !=
		    (ssize_t)sizeof(question)) {
			stop(rules);
			return NULL;
		}
		rules->asked = found;
		rules->asked_at = clock_monotonic();
		rules->received = 0;
		take_answer(rules,
			    rules->asked_at >= rules->next_wait ? rules->asked_at + MAX_WAIT : 0);
	}
	/* An answer on its way says that the rules may have changed: none are shown. */
	if (rules->asked == found || rules->socket < 0)
		return NULL;
	return nft_listing_find(&found->listing, family, table, chain, handle);
}
