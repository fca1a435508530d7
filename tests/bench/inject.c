// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hand UDP datagrams to the kernel as if the loopback device had received them, as fast as one core
 * can: inject ADDRESS PORT COUNT SECONDS, whichever comes first. Prints how many there were and how
 * many seconds it took. They are made by BPF_PROG_TEST_RUN of an XDP program that lets all pass
 * (Linux 5.18): to send them by a socket takes longer than all that becomes of them until they are
 * dropped.
 */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PASSES 100000 /* datagrams a call */
#define BATCH 64

/* Not in the headers of Debian 11, where nothing but the compiler must know it. */
#define LIVE_FRAMES (1U << 1)

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	char byte;
} __attribute__((packed));

/* struct bpf_attr of BPF_PROG_TEST_RUN, with a member that older headers lack. */
struct test_run {
	uint32_t program_fd, result, data_size_in, data_size_out;
	uint64_t data_in, data_out;
	uint32_t repeat, duration, ctx_size_in, ctx_size_out;
	uint64_t ctx_in, ctx_out;
	uint32_t flags, cpu, batch_size, padding;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint16_t checksum(struct iphdr ip)
{
	const uint16_t *words = (const uint16_t *)&ip;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(ip) / sizeof(*words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static int load_program(void)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)pass,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL",
	};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	struct frame frame = {
		.ethernet.h_proto = htons(ETH_P_IP),
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP },
	};
	struct xdp_md md = { .data_end = sizeof(frame), .ingress_ifindex = if_nametoindex("lo") };
	struct test_run run = {
		.data_in = (uintptr_t)&frame,
		.data_size_in = sizeof(frame),
		.ctx_in = (uintptr_t)&md,
		.ctx_size_in = sizeof(md),
		.flags = LIVE_FRAMES,
		.batch_size = BATCH,
	};
	unsigned long long sent = 0, count;
	double seconds, start;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &frame.ip.daddr) != 1) {
		fputs("usage: inject ADDRESS PORT COUNT SECONDS\n", stderr);
		return 2;
	}
	frame.ip.saddr = frame.ip.daddr;
	frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ethernet));
	frame.ip.check = checksum(frame.ip);
	frame.udp.source = htons(40000);
	frame.udp.dest = htons((unsigned short)atoi(argv[2]));
	frame.udp.len = htons(sizeof(frame.udp) + sizeof(frame.byte));
	count = strtoull(argv[3], NULL, 10);
	seconds = atof(argv[4]);
	fd = load_program();
	if (fd < 0) {
		perror("inject: BPF_PROG_LOAD");
		return 1;
	}
	run.program_fd = (uint32_t)fd;
	start = now();
	while (sent < count && now() - start < seconds) {
		run.repeat = count - sent < PASSES ? (uint32_t)(count - sent) : PASSES;
		if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &run, sizeof(run))) {
			perror("inject: BPF_PROG_TEST_RUN");
			return 1;
		}
		sent += run.repeat;
	}
	printf("%llu %.6f\n", sent, now() - start);
	return close(fd);
}
