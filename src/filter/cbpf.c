// SPDX-License-Identifier: GPL-2.0-only
/*
 * Translates classic BPF, to which libpcap compiles expressions, to C. It has two registers, A and
 * X, 16 words of memory, and only forward jumps; a load beyond the packet ends the program, which
 * then does not match.
 */
#include "filter/cbpf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <linux/filter.h>

#include "filter/cbpf_analysis.h"

static bool is_known(const struct sock_filter *insn)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
		return true;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return insn->k < BPF_MEMWORDS;
	default:
		return BPF_CLASS(insn->code) == BPF_ALU && BPF_OP(insn->code) <= BPF_XOR;
	}
}

const char *cbpf_refusal(const struct sock_filter *code, size_t count)
{
	struct cbpf_analysis *analysis;
	const char *refusal = NULL;

	if (count == 0 || count > BPF_MAXINSNS || BPF_CLASS(code[count - 1].code) != BPF_RET)
		return "libpcap compiles it to too large a program";
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *insn = &code[i];
		uint64_t jump = 0;

		if (!is_known(insn))
			return "libpcap compiles it to an instruction that is not supported";
		if (cbpf_is_packet_load(insn) && BPF_MODE(insn->code) != BPF_IND &&
		    insn->k >= (uint32_t)SKF_LL_OFF && insn->k < (uint32_t)SKF_AD_OFF + SKF_AD_MAX)
			return "it matches on something that only a capture on an interface knows";
		if (BPF_CLASS(insn->code) == BPF_JMP)
			jump = BPF_OP(insn->code) == BPF_JA ? insn->k
			       : insn->jt > insn->jf	    ? insn->jt
							    : insn->jf;
		/* The offset of a backward jump is a large number. */
		if (BPF_CLASS(insn->code) != BPF_RET && i + 1 + jump >= count)
			return "it follows a chain of headers in a loop (protochain), which is "
			       "not supported";
	}
	analysis = cbpf_analyse(code, count);
	if (!analysis)
		return "out of memory";
	if (analysis->far_loads > FRAME_FAR_LOADS)
		refusal = "it reads too many places whose offset depends on the packet";
	free(analysis);
	return refusal;
}

/* The operand of an arithmetic instruction or a jump; `mark` precedes a constant. */
static void put_operand(const struct sock_filter *insn, const char *mark, FILE *out)
{
	if (BPF_SRC(insn->code) == BPF_X)
		fputs("x", out);
	else
		fprintf(out, "%s0x%x", mark, insn->k);
}

/* The register that a load fills. */
static char loaded_register(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX ? 'x' : 'a';
}

/* The usual notation, as a comment: "ldh [x + 14]", "jeq #0x800 jt 2 jf 8". */
static void describe(const struct sock_filter *insn, size_t index, FILE *out)
{
	static const char *const operators[] = { "add", "sub", "mul", "div", "or", "and",
						 "lsh", "rsh", "neg", "mod", "xor" };
	static const char *const jumps[] = { "ja", "jeq", "jgt", "jge", "jset" };
	static const char *const suffixes[] = { "", "h", "b", "" };
	unsigned int kind = BPF_CLASS(insn->code);
	const char *x = kind == BPF_LDX || kind == BPF_STX ? "x" : "";

	fprintf(out, "/* (%03zu) ", index);
	switch (kind) {
	case BPF_LD:
	case BPF_LDX:
		fprintf(out, "ld%s%s ", x, suffixes[BPF_SIZE(insn->code) >> 3]);
		switch (BPF_MODE(insn->code)) {
		case BPF_IMM:
			fprintf(out, "#0x%x", insn->k);
			break;
		case BPF_ABS:
			fprintf(out, "[%u]", insn->k);
			break;
		case BPF_IND:
			fprintf(out, "[x + %u]", insn->k);
			break;
		case BPF_MEM:
			fprintf(out, "M[%u]", insn->k);
			break;
		case BPF_LEN:
			fputs("#pktlen", out);
			break;
		default:
			fprintf(out, "4*([%u]&0xf)", insn->k);
		}
		break;
	case BPF_ST:
	case BPF_STX:
		fprintf(out, "st%s M[%u]", x, insn->k);
		break;
	case BPF_ALU:
		fputs(operators[BPF_OP(insn->code) >> 4], out);
		if (BPF_OP(insn->code) == BPF_NEG)
			break;
		fputs(" ", out);
		put_operand(insn, "#", out);
		break;
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_JA) {
			fprintf(out, "ja %zu", index + 1 + insn->k);
			break;
		}
		fprintf(out, "%s ", jumps[BPF_OP(insn->code) >> 4]);
		put_operand(insn, "#", out);
		fprintf(out, " jt %zu jf %zu", index + 1 + insn->jt, index + 1 + insn->jf);
		break;
	case BPF_RET:
		if (BPF_RVAL(insn->code) == BPF_A)
			fputs("ret a", out);
		else
			fprintf(out, "ret #%u", insn->k);
		break;
	default:
		fputs(BPF_MISCOP(insn->code) == BPF_TAX ? "tax" : "txa", out);
	}
	fputs(" */\n", out);
}

static void emit_packet_load(const struct sock_filter *insn, size_t index,
			     const struct cbpf_bounds *bounds, size_t *far, FILE *out)
{
	const char to = loaded_register(insn);
	const char *base = BPF_MODE(insn->code) == BPF_IND ? "x + " : "";
	uint32_t size = cbpf_load_size(insn);

	if (cbpf_is_far(insn, bounds))
		fprintf(out, "\tif (!frame_load_far(frame, %zu, %s%uULL, %u, &%c)) ", (*far)++,
			base, insn->k, size, to);
	else
		fprintf(out, "\tif (!frame_load(frame, %s%u, %u, &%c)) ", base, insn->k, size, to);
	describe(insn, index, out);
	fputs("\t\tgoto missing;\n", out);
	if (BPF_MODE(insn->code) == BPF_MSH)
		fputs("\tx = (x & 0xf) << 2;\n", out);
}

/* Loads that do not read the packet. */
static void emit_load(const struct sock_filter *insn, FILE *out)
{
	const char to = loaded_register(insn);

	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		fprintf(out, "\t%c = 0x%x; ", to, insn->k);
		break;
	case BPF_MEM:
		fprintf(out, "\t%c = m%u; ", to, insn->k);
		break;
	default:
		fprintf(out, "\t%c = frame_length(frame); ", to);
	}
}

static void emit_arithmetic(const struct sock_filter *insn, FILE *out)
{
	static const char *const operators[] = { "+",  "-",  "*", "/", "|", "&",
						 "<<", ">>", "-", "%", "^" };
	const unsigned int operation = BPF_OP(insn->code);
	const bool by_x = BPF_SRC(insn->code) == BPF_X;
	const bool division = operation == BPF_DIV || operation == BPF_MOD;
	const bool shift = operation == BPF_LSH || operation == BPF_RSH;

	if (operation == BPF_NEG) {
		fputs("\ta = -a; ", out);
		return;
	}
	if (division && !by_x && insn->k == 0) {
		fputs("\treturn false; ", out);
		return;
	}
	if (shift && !by_x && insn->k >= 32) {
		fputs("\ta = 0; ", out);
		return;
	}
	if (shift && by_x) {
		fprintf(out, "\ta = x < 32 ? a %s x : 0; ", operators[operation >> 4]);
		return;
	}
	if (division && by_x)
		fputs("\tif (x == 0)\n\t\treturn false;\n", out);
	fprintf(out, "\ta %s= ", operators[operation >> 4]);
	put_operand(insn, "", out);
	fputs("; ", out);
}

static void emit_jump(const struct sock_filter *insn, size_t index, FILE *out)
{
	static const char *const yes[] = { "", "==", ">", ">=", "&" };
	static const char *const no[] = { "", "!=", "<=", "<", "&" };
	unsigned int operation = BPF_OP(insn->code) >> 4;
	bool on_true = insn->jt != 0;
	bool set = BPF_OP(insn->code) == BPF_JSET;

	if (insn->jt == insn->jf) { /* includes JA, where both are 0 */
		fprintf(out, "\tgoto l%zu; ", index + 1 + (operation ? insn->jt : insn->k));
		describe(insn, index, out);
		return;
	}
	fputs(set && !on_true ? "\tif (!(a " : "\tif (a ", out);
	fprintf(out, "%s ", (on_true ? yes : no)[operation]);
	put_operand(insn, "", out);
	fputs(set && !on_true ? ")) " : ") ", out);
	describe(insn, index, out);
	fprintf(out, "\t\tgoto l%zu;\n", index + 1 + (on_true ? insn->jt : insn->jf));
	if (insn->jt && insn->jf)
		fprintf(out, "\tgoto l%zu;\n", index + 1 + insn->jf);
}

static void emit_instruction(const struct sock_filter *insn, size_t index,
			     const struct cbpf_bounds *bounds, size_t *far, FILE *out)
{
	if (cbpf_is_packet_load(insn)) {
		emit_packet_load(insn, index, bounds, far, out);
		return;
	}
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		emit_load(insn, out);
		break;
	case BPF_ST:
		fprintf(out, "\tm%u = a; ", insn->k);
		break;
	case BPF_STX:
		fprintf(out, "\tm%u = x; ", insn->k);
		break;
	case BPF_ALU:
		emit_arithmetic(insn, out);
		break;
	case BPF_JMP:
		emit_jump(insn, index, out);
		return;
	case BPF_RET:
		if (BPF_RVAL(insn->code) == BPF_A)
			fputs("\treturn a != 0; ", out);
		else
			fprintf(out, "\treturn %s; ", insn->k ? "true" : "false");
		break;
	default:
		fputs(BPF_MISCOP(insn->code) == BPF_TAX ? "\tx = a; " : "\ta = x; ", out);
	}
	describe(insn, index, out);
}

static void emit(const struct cbpf_analysis *analysis, FILE *out)
{
	size_t far = 0;

	fprintf(out,
		"/* Bytes of the frame that are looked at, but for those far behind its start. */\n"
		"#define EXPRESSION_WINDOW %u\n"
		"\n"
		"/* The expression, as libpcap understands it. */\n"
		"static __always_inline bool expression_matches(struct frame *frame)\n"
		"{\n"
		"\tu32 a%s",
		analysis->window, analysis->uses_x ? ", x" : "");
	for (size_t i = 0; i < BPF_MEMWORDS; i++)
		if (analysis->uses_memory[i])
			fprintf(out, ", m%zu = 0", i);
	fprintf(out, ";\n%s\ta = %s0;\n", analysis->loads ? "\tu32 turns = 0;\n\nagain:\n" : "\n",
		analysis->uses_x ? "x = " : "");
	for (size_t i = 0; i < analysis->count; i++) {
		if (!analysis->bounds[i].reached)
			continue;
		if (analysis->labelled[i])
			fprintf(out, "l%zu:\n", i);
		emit_instruction(&analysis->code[i], i, &analysis->bounds[i], &far, out);
	}
	if (analysis->loads)
		fprintf(out,
			"missing:\n"
			"\tif (turns++ < %zu && frame_read_on(frame))\n"
			"\t\tgoto again;\n"
			"\treturn false;\n",
			analysis->far_loads + 1);
	fputs("}\n", out);
}

int cbpf_emit(const struct sock_filter *code, size_t count, FILE *out)
{
	struct cbpf_analysis *analysis = cbpf_analyse(code, count);

	if (!analysis)
		return -ENOMEM;
	emit(analysis, out);
	free(analysis);
	return 0;
}
