// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/nft_helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/netns.h"

#define NETNS_COOKIE 71 /* SO_NETNS_COOKIE, from Linux 5.14 on */

/* Of nftables/libnftables.h, which is not needed to build. */
struct nft_ctx;
enum { OUTPUT_STATELESS = 1 << 2, OUTPUT_HANDLE = 1 << 3, OUTPUT_TERSE = 1 << 11 };

static struct {
	struct nft_ctx *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(struct nft_ctx *ctx);
	void (*set_flags)(struct nft_ctx *ctx, unsigned int flags);
	int (*buffer_output)(struct nft_ctx *ctx);
	int (*buffer_error)(struct nft_ctx *ctx);
	const char *(*output)(struct nft_ctx *ctx);
	int (*run)(struct nft_ctx *ctx, const char *command);
} nft;

static bool load(void)
{
	static const struct {
		void *to;
		const char *name;
	} wanted[] = {
		{ &nft.ctx_new, "nft_ctx_new" },
		{ &nft.ctx_free, "nft_ctx_free" },
		{ &nft.set_flags, "nft_ctx_output_set_flags" },
		{ &nft.buffer_output, "nft_ctx_buffer_output" },
		{ &nft.buffer_error, "nft_ctx_buffer_error" },
		{ &nft.output, "nft_ctx_get_output_buffer" },
		{ &nft.run, "nft_run_cmd_from_buffer" },
	};
	void *library = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *symbol = dlsym(library, wanted[i].name);

		if (!symbol)
			return false;
		memcpy(wanted[i].to, &symbol, sizeof(symbol));
	}
	return library;
}

/* Of the namespace that this process is in. */
static struct nft_version read_version(void)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
			    .nlmsg_flags = NLM_F_REQUEST },
	};
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
		struct nlattr id;
		uint8_t bytes[1024];
	} answer;
	const struct timeval limit = { .tv_sec = 1 };
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	struct nft_version version = { .cookie = 0 };
	socklen_t size = sizeof(version.cookie);
	ssize_t got = -1;

	if (fd < 0)
		return version;
	if (getsockopt(fd, SOL_SOCKET, NETNS_COOKIE, &version.cookie, &size))
		version.cookie = 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request))
		got = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	/* The ID is the first attribute. */
	if (got >= (ssize_t)(sizeof(answer) - sizeof(answer.bytes) + sizeof(version.generation)) &&
	    answer.header.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) &&
	    (answer.id.nla_type & NLA_TYPE_MASK) == NFTA_GEN_ID)
		memcpy(&version.generation, answer.bytes, sizeof(version.generation));
	return version;
}

static bool send_all(int to, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes = (const char *)bytes + sent;
		size -= (size_t)sent;
	}
	return true;
}

/* Answer with the rules of the namespace that this process is in. False: nobody listens. */
static bool send_listing(int to, struct nft_version version)
{
	struct nft_answer answer = { .version = version, .changed = 1 };
	struct nft_ctx *ctx = nft.ctx_new(0);
	const char *text = NULL;
	bool sent;

	if (ctx && !nft.buffer_output(ctx) && !nft.buffer_error(ctx)) {
		nft.set_flags(ctx, OUTPUT_STATELESS | OUTPUT_HANDLE | OUTPUT_TERSE);
		if (!nft.run(ctx, "list ruleset"))
			text = nft.output(ctx);
	}
	if (!text)
		answer.version.generation = 0; /* try again */
	answer.size = text ? strlen(text) : 0;
	sent = send_all(to, &answer, sizeof(answer)) && send_all(to, text, answer.size);
	if (ctx)
		nft.ctx_free(ctx);
	return sent;
}

static bool is_same(const struct nft_version *a, const struct nft_version *b)
{
	return a->cookie && a->generation && a->cookie == b->cookie &&
	       a->generation == b->generation;
}

static bool answer(int to, const struct nft_question *question)
{
	const int fd = netns_open((uint32_t)question->netns);
	struct nft_answer unchanged = { .version = question->known };
	const bool entered = fd >= 0 && !setns(fd, CLONE_NEWNET);
	struct nft_version now;

	if (fd >= 0)
		close(fd);
	/* A namespace that is gone has no rules any more. */
	if (!entered) {
		unchanged.version = (struct nft_version){ .generation = 0 };
		unchanged.changed = 1;
		return send_all(to, &unchanged, sizeof(unchanged));
	}
	now = read_version();
	return is_same(&now, &question->known) ? send_all(to, &unchanged, sizeof(unchanged))
					       : send_listing(to, now);
}

void nft_helper_serve(int socket)
{
	const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct nft_question question;
	bool loaded;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* ^C is for the parent, which closes the socket when it is done. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (home < 0)
		_exit(1);
	loaded = load();
	if (!send_all(socket, &loaded, sizeof(loaded)) || !loaded)
		_exit(1);
	while (recv(socket, &question, sizeof(question), MSG_WAITALL) ==
	       (ssize_t)sizeof(question)) {
		if (!answer(socket, &question) || setns(home, CLONE_NEWNET))
			break;
	}
	_exit(0);
}
