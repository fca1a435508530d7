// SPDX-License-Identifier: GPL-2.0-only
#include "filter/cbpf_analysis.h"

#include <stdlib.h>

#include "filter/cbpf.h"

static uint32_t max_of(uint32_t left, uint32_t right)
{
	return left > right ? left : right;
}

static uint32_t min_of(uint32_t left, uint32_t right)
{
	return left < right ? left : right;
}

bool cbpf_is_packet_load(const struct sock_filter *insn)
{
	unsigned int kind = BPF_CLASS(insn->code);
	unsigned int mode = BPF_MODE(insn->code);

	return (kind == BPF_LD && (mode == BPF_ABS || mode == BPF_IND)) ||
	       (kind == BPF_LDX && mode == BPF_MSH);
}

uint32_t cbpf_load_size(const struct sock_filter *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_W:
		return 4;
	case BPF_H:
		return 2;
	default:
		return 1;
	}
}

/* The furthest byte, plus one, that a load of the packet can reach. */
static uint64_t load_end(const struct sock_filter *insn, const struct cbpf_bounds *bounds)
{
	uint64_t offset = insn->k;

	if (BPF_MODE(insn->code) == BPF_IND)
		offset += bounds->x;
	return offset + cbpf_load_size(insn);
}

bool cbpf_is_far(const struct sock_filter *insn, const struct cbpf_bounds *bounds)
{
	return load_end(insn, bounds) > CBPF_MAX_WINDOW;
}

/* A result that does not fit the register wraps around, to any value. */
static uint32_t fitting(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* All bits up to the highest one that is set. */
static uint32_t filled_bits(uint32_t value)
{
	for (unsigned int shift = 1; shift < 32; shift *= 2)
		value |= value >> shift;
	return value;
}

/* The bound of A after an arithmetic instruction, from the bounds of its operands. */
static uint32_t arithmetic_bound(const struct sock_filter *insn, uint32_t a, uint32_t x)
{
	bool constant = BPF_SRC(insn->code) == BPF_K;
	uint32_t operand = constant ? insn->k : x;

	switch (BPF_OP(insn->code)) {
	case BPF_ADD:
		return fitting((uint64_t)a + operand);
	case BPF_MUL:
		return fitting((uint64_t)a * operand);
	case BPF_DIV:
		return constant && operand ? a / operand : a;
	case BPF_MOD:
		return operand ? min_of(a, operand - 1) : 0;
	case BPF_AND:
		return min_of(a, operand);
	case BPF_OR:
	case BPF_XOR:
		return filled_bits(a | operand);
	case BPF_LSH:
		return constant && operand < 32 ? fitting((uint64_t)a << operand) : UINT32_MAX;
	case BPF_RSH:
		if (!constant)
			return a;
		return operand < 32 ? a >> operand : 0;
	default: /* differences and negative numbers wrap around */
		return UINT32_MAX;
	}
}

/* The bounds after an instruction, from those before it. */
static struct cbpf_bounds step(const struct sock_filter *insn, struct cbpf_bounds bounds)
{
	uint32_t *to = BPF_CLASS(insn->code) == BPF_LDX ? &bounds.x : &bounds.a;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		switch (BPF_MODE(insn->code)) {
		case BPF_IMM:
			*to = insn->k;
			break;
		case BPF_MEM:
			*to = bounds.memory[insn->k];
			break;
		case BPF_MSH:
			*to = 4 * 15;
			break;
		case BPF_LEN:
			*to = UINT32_MAX;
			break;
		default:
			*to = UINT32_MAX >> (32 - 8 * cbpf_load_size(insn));
		}
		break;
	case BPF_ST:
		bounds.memory[insn->k] = bounds.a;
		break;
	case BPF_STX:
		bounds.memory[insn->k] = bounds.x;
		break;
	case BPF_ALU:
		bounds.a = arithmetic_bound(insn, bounds.a, bounds.x);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			bounds.x = bounds.a;
		else
			bounds.a = bounds.x;
		break;
	}
	return bounds;
}

/* Merge the bounds of two paths to the same instruction. */
static void join(struct cbpf_bounds *to, const struct cbpf_bounds *from)
{
	to->reached = true;
	to->a = max_of(to->a, from->a);
	to->x = max_of(to->x, from->x);
	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		to->memory[i] = max_of(to->memory[i], from->memory[i]);
}

static void jump_to(struct cbpf_analysis *analysis, size_t target, const struct cbpf_bounds *bounds)
{
	analysis->labelled[target] = true;
	join(&analysis->bounds[target], bounds);
}

/* All jumps lead forwards, so one pass in program order sees every path to an instruction. */
struct cbpf_analysis *cbpf_analyse(const struct sock_filter *code, size_t count)
{
	struct cbpf_analysis *analysis = calloc(1, sizeof(*analysis));

	if (!analysis)
		return NULL;
	analysis->code = code;
	analysis->count = count;
	analysis->bounds[0].reached = true;
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *insn = &code[i];
		unsigned int kind = BPF_CLASS(insn->code);
		struct cbpf_bounds after;

		if (!analysis->bounds[i].reached)
			continue;
		after = step(insn, analysis->bounds[i]);
		analysis->uses_x |=
			kind == BPF_LDX || kind == BPF_STX || kind == BPF_MISC ||
			(kind == BPF_LD && BPF_MODE(insn->code) == BPF_IND) ||
			((kind == BPF_ALU || kind == BPF_JMP) && BPF_SRC(insn->code) == BPF_X);
		if (kind == BPF_ST || kind == BPF_STX ||
		    ((kind == BPF_LD || kind == BPF_LDX) && BPF_MODE(insn->code) == BPF_MEM))
			analysis->uses_memory[insn->k] = true;
		if (cbpf_is_packet_load(insn)) {
			analysis->loads = true;
			if (cbpf_is_far(insn, &analysis->bounds[i]))
				analysis->far_loads++;
			else
				analysis->window =
					max_of(analysis->window,
					       (uint32_t)load_end(insn, &analysis->bounds[i]));
		}
		if (kind == BPF_RET)
			continue;
		if (kind != BPF_JMP) {
			join(&analysis->bounds[i + 1], &after);
		} else if (BPF_OP(insn->code) == BPF_JA) {
			jump_to(analysis, i + 1 + insn->k, &after);
		} else {
			/* The next instruction is reached without a jump and needs no label. */
			if (insn->jt)
				jump_to(analysis, i + 1 + insn->jt, &after);
			if (insn->jf)
				jump_to(analysis, i + 1 + insn->jf, &after);
			if (!insn->jt || !insn->jf)
				join(&analysis->bounds[i + 1], &after);
		}
	}
	return analysis;
}
