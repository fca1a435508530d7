// SPDX-License-Identifier: GPL-2.0-only
#include "reference.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <pcap/pcap.h>

#include "packets.h"

struct reference {
	pcap_t *capture;
	struct bpf_program program;
};

struct reference *reference_open(const char *expression)
{
	struct reference *reference = calloc(1, sizeof(*reference));

	if (!reference)
		return NULL;
	reference->capture = pcap_open_dead(DLT_EN10MB, 262144);
	if (!pcap_compile(reference->capture, &reference->program, expression, 1,
			  PCAP_NETMASK_UNKNOWN))
		return reference;
	pcap_close(reference->capture);
	free(reference);
	return NULL;
}

/*
 * The machine that classic BPF is defined by, for a frame whose first bytes may not be there.
 * *defined: whether the program only read memory that it had written. libpcap's programs for geneve
 * behind "or" do not always; pcap_offline_filter() then reads what happens to be on its stack.
 */
static bool interpret(const struct bpf_program *program, const struct packet *packet, bool *defined)
{
	bool written[BPF_MEMWORDS] = { false };
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = { 0 };

	for (const struct bpf_insn *insn = program->bf_insns;; insn++) {
		uint32_t operand = BPF_SRC(insn->code) == BPF_X ? x : insn->k;
		uint64_t offset = insn->k;
		uint32_t value = 0;
		uint32_t size = BPF_SIZE(insn->code) == BPF_W	? 4
				: BPF_SIZE(insn->code) == BPF_H ? 2
								: 1;

		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
		case BPF_LDX:
			switch (BPF_MODE(insn->code)) {
			case BPF_IMM:
				value = insn->k;
				break;
			case BPF_LEN:
				value = packet->length;
				break;
			case BPF_MEM:
				value = memory[insn->k];
				*defined &= written[insn->k];
				break;
			default:
				if (BPF_MODE(insn->code) == BPF_IND)
					offset += x;
				if (offset + size > packet->there ||
				    (offset < 12 && !packet->has_link))
					return false;
				for (uint32_t i = 0; i < size; i++)
					value = value << 8 | packet->frame[offset + i];
				if (BPF_MODE(insn->code) == BPF_MSH)
					value = 4 * (value & 15);
			}
			*(BPF_CLASS(insn->code) == BPF_LD ? &a : &x) = value;
			break;
		case BPF_ST:
			memory[insn->k] = a;
			written[insn->k] = true;
			break;
		case BPF_STX:
			memory[insn->k] = x;
			written[insn->k] = true;
			break;
		case BPF_ALU:
			switch (BPF_OP(insn->code)) {
			case BPF_ADD:
				a += operand;
				break;
			case BPF_SUB:
				a -= operand;
				break;
			case BPF_MUL:
				a *= operand;
				break;
			case BPF_DIV:
			case BPF_MOD:
				if (operand == 0)
					return false;
				a = BPF_OP(insn->code) == BPF_DIV ? a / operand : a % operand;
				break;
			case BPF_AND:
				a &= operand;
				break;
			case BPF_OR:
				a |= operand;
				break;
			case BPF_XOR:
				a ^= operand;
				break;
			case BPF_LSH:
				a = operand < 32 ? a << operand : 0;
				break;
			case BPF_RSH:
				a = operand < 32 ? a >> operand : 0;
				break;
			case BPF_NEG:
				a = -a;
				break;
			}
			break;
		case BPF_JMP: {
			bool holds;

			switch (BPF_OP(insn->code)) {
			case BPF_JEQ:
				holds = a == operand;
				break;
			case BPF_JGT:
				holds = a > operand;
				break;
			case BPF_JGE:
				holds = a >= operand;
				break;
			case BPF_JSET:
				holds = a & operand;
				break;
			default:
				insn += insn->k;
				continue;
			}
			insn += holds ? insn->jt : insn->jf;
			break;
		}
		case BPF_RET:
			return BPF_RVAL(insn->code) == BPF_A ? a != 0 : insn->k != 0;
		default:
			if (BPF_MISCOP(insn->code) == BPF_TAX)
				x = a;
			else
				a = x;
		}
	}
}

bool reference_matches(const struct reference *reference, const struct packet *packet)
{
	const struct pcap_pkthdr header = { .caplen = packet->there, .len = packet->length };
	bool defined = true;
	bool interpreted = interpret(&reference->program, packet, &defined);
	bool matches;

	if (!packet->has_link || !defined)
		return interpreted;
	matches = pcap_offline_filter(&reference->program, &header, packet->frame) != 0;
	if (matches != interpreted) {
		fprintf(stderr, "the reference is wrong: %s\n", packet->name);
		bpf_dump(&reference->program, 1);
		abort();
	}
	return matches;
}

void reference_close(struct reference *reference)
{
	pcap_freecode(&reference->program);
	pcap_close(reference->capture);
	free(reference);
}
