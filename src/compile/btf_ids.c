// SPDX-License-Identifier: GPL-2.0-only
#include "compile/btf_ids.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "bpf/attach.h"
#include "bpf/image.h"
#include "util/error.h"

/*
 * libbcc does not support kfuncs. The program calls them as helpers with numbers from here on,
 * which no helper has; btf_ids_resolve() turns them into kfunc calls.
 */
#define KFUNC_CALL 0x40000000

/* BPF_PSEUDO_KFUNC_CALL, which the headers of Debian 11 lack. */
#define PSEUDO_KFUNC_CALL 2

static void add_flag(struct btf_ids *ids, const char *macro, __u32 base, const char *name,
		     __u32 kind)
{
	int number = btf__find_by_name_kind(ids->btf, name, kind);

	if (number > 0)
		snprintf(ids->text[ids->flag_count++], sizeof(*ids->text), "-D%s=%u", macro,
			 base + (__u32)number);
}

int btf_ids_open(struct btf_ids *ids, const char *text, struct error *err)
{
	struct btf *btf;

	memset(ids, 0, sizeof(*ids));
	if (!strstr(text, ATTACH_TP_BTF_PREFIX))
		return 0;
	libbpf_set_print(NULL);
	btf = btf__parse(ATTACH_KERNEL_BTF, NULL);
	if (libbpf_get_error(btf))
		return error_set(err, STATUS_ATTACH, ENOENT,
				 "the program has a function " ATTACH_TP_BTF_PREFIX
				 "NAME, which needs the kernel's BTF, but " ATTACH_KERNEL_BTF
				 " cannot be read; name it raw_tracepoint__NAME instead");
	ids->btf = btf;
	add_flag(ids, "TYPE_SK_BUFF", 0, "sk_buff", BTF_KIND_STRUCT);
	add_flag(ids, "KFUNC_RDONLY_CAST", KFUNC_CALL, "bpf_rdonly_cast", BTF_KIND_FUNC);
	return 0;
}

/* A tracepoint is identified by a typedef named after it. */
static int resolve_tracepoint(const struct btf_ids *ids, struct image_function *function,
			      struct error *err)
{
	const char *tracepoint = function->name + strlen(ATTACH_TP_BTF_PREFIX);
	char name[IMAGE_NAME_SIZE + 16];
	char quoted[ERROR_QUOTE_SIZE];
	int number;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	number = btf__find_by_name_kind(ids->btf, name, BTF_KIND_TYPEDEF);
	if (number <= 0)
		return error_set(err, STATUS_ATTACH, ENOENT,
				 "the BTF of this kernel has no tracepoint %s",
				 error_quote(quoted, tracepoint));
	function->type_id = (uint32_t)number;
	return 0;
}

int btf_ids_resolve(const struct btf_ids *ids, struct image *image, struct error *err)
{
	int result;

	if (!ids->btf)
		return 0;
	for (size_t i = 0; i < image->function_count; i++) {
		if (strncmp(image->functions[i].name, ATTACH_TP_BTF_PREFIX,
			    strlen(ATTACH_TP_BTF_PREFIX)) != 0)
			continue;
		result = resolve_tracepoint(ids, &image->functions[i], err);
		if (result)
			return result;
	}
	for (size_t i = 0; i < image->instruction_count; i++) {
		struct bpf_insn *insn = &image->instructions[i];

		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != 0 ||
		    insn->imm < KFUNC_CALL)
			continue;
		insn->src_reg = PSEUDO_KFUNC_CALL;
		insn->imm -= KFUNC_CALL;
	}
	return 0;
}

void btf_ids_close(struct btf_ids *ids)
{
	btf__free(ids->btf);
	ids->btf = NULL;
}
