// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send UDP datagrams of one byte as fast as one core can: flood ADDRESS PORT COUNT SECONDS,
 * whichever comes first. Prints how many were sent and how many seconds it took.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct iovec byte = { "x", 1 };
	struct mmsghdr messages[BATCH];
	unsigned long long sent = 0, count;
	double seconds, start;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 5 || fd < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: flood ADDRESS PORT COUNT SECONDS\n", stderr);
		return 2;
	}
	to.sin_port = htons((unsigned short)atoi(argv[2]));
	count = strtoull(argv[3], NULL, 10);
	seconds = atof(argv[4]);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("flood: connect");
		return 1;
	}
	for (int i = 0; i < BATCH; i++)
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &byte, .msg_iovlen = 1 } };
	start = now();
	while (sent < count && now() - start < seconds) {
		unsigned long long left = count - sent;
		int done = sendmmsg(fd, messages, left < BATCH ? (unsigned int)left : BATCH, 0);

		if (done < 0) {
			perror("flood: sendmmsg");
			return 1;
		}
		sent += (unsigned long long)done;
	}
	printf("%llu %.6f\n", sent, now() - start);
	return close(fd);
}
