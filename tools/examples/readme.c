// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The program of the README: what new, dup, up_ref and free do to the counts.
 * It waits for a line after each step; meanwhile "kssl conn show" in another
 * terminal sees the same objects.
 */
#include <stdio.h>

#include <kssl/kssl.h>

static void show(const char *step, struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);

	if (info)
		printf("%-8s connection %u of context %u has %u reference%s\n",
		       step, info->id, info->ctx_id, info->refs,
		       info->refs == 1 ? "" : "s");
	kssl_info_free(info);
	fflush(stdout);
	getchar();
}

int main(void)
{
	struct kssl_client *client = kssl_client_new();
	struct kssl_ctx *ctx = client ? kssl_ctx_new(client,
						     KSSL_METHOD_SERVER) : NULL;
	struct kssl *s = ctx ? kssl_new(ctx) : NULL;
	struct kssl *copy;

	if (!s) {
		fprintf(stderr, "readme: %s\n", kssl_error_text());
		return 1;
	}
	kssl_set_label(s, "the first");
	show("new", s);

	copy = kssl_dup(s);		/* in state initial: another one */
	show("dup", copy);

	kssl_up_ref(s);
	show("up_ref", s);

	kssl_free(s);
	show("free", s);

	kssl_free(copy);
	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return 0;
}
