// SPDX-License-Identifier: GPL-2.0-only
/*
 * All contexts, each with its connections. Connections are dumped first and
 * kept, because a dump of each context's would look at all of them each time.
 */
#include <stdio.h>
#include <stdlib.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "out.h"
#include "pids.h"
#include "print.h"

struct kept {
	uint32_t ctx_id;
	size_t order;
	bool printed;
	struct out_piece piece;
};

struct tree {
	bool all;
	struct pids *pids;		/* or NULL, when nobody asks for them */
	struct kept *kept;
	struct out_piece *pieces;	/* those of kept, once it is sorted */
	size_t n;
	size_t room;
};

static void print_kept(const struct tree *tree, const struct kssl_info *info)
{
	const uint32_t *pid;
	size_t n;

	if (!tree->pids) {
		print_conn(info, tree->all);
		return;
	}
	n = pids_of(tree->pids, info->sock_cookie, &pid);
	print_conn_pids(info, tree->all, pid, n);
}

static int keep_conn(const struct kssl_info *info, void *arg)
{
	struct tree *tree = arg;
	struct kept *kept;

	if (tree->n == tree->room) {
		tree->room = tree->room * 2 + 16;
		tree->kept = realloc(tree->kept,
				     tree->room * sizeof(*tree->kept));
		if (!tree->kept)
			die(0, "out of memory");
	}
	kept = &tree->kept[tree->n];
	kept->ctx_id = info->ctx_id;
	kept->order = tree->n++;
	kept->printed = false;
	out_capture_begin();
	print_kept(tree, info);
	out_capture_end(&kept->piece);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->ctx_id != y->ctx_id)
		return x->ctx_id < y->ctx_id ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void sort(struct tree *tree)
{
	size_t i;

	if (tree->n)
		qsort(tree->kept, tree->n, sizeof(*tree->kept), compare);
	tree->pieces = calloc(tree->n + 1, sizeof(*tree->pieces));
	if (!tree->pieces)
		die(0, "out of memory");
	for (i = 0; i < tree->n; i++)
		tree->pieces[i] = tree->kept[i].piece;
}

/* The first connection of context @id, or where it would be. */
static size_t find_first(const struct tree *tree, uint32_t id)
{
	size_t low = 0, high = tree->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (tree->kept[middle].ctx_id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many connections of context @id, from @first on, are to be printed. */
static size_t take_conns(struct tree *tree, size_t first, uint32_t id)
{
	struct kept *kept = tree->kept + first, *end = tree->kept + tree->n;
	size_t n = 0;

	for (; kept < end && kept->ctx_id == id && !kept->printed; kept++) {
		kept->printed = true;
		n++;
	}
	return n;
}

static int print_one(const struct kssl_ctx_info *info, void *arg)
{
	struct tree *tree = arg;
	size_t first = find_first(tree, info->id);
	size_t n = take_conns(tree, first, info->id);

	print_ctx(info, tree->all, tree->pieces + first, n);
	return 0;
}

/* Connections whose context is another user's, or has come since. */
static void print_rest(struct tree *tree)
{
	size_t i, n;

	for (i = 0; i < tree->n; i += n) {
		n = take_conns(tree, i, tree->kept[i].ctx_id);
		if (n)
			print_ctx_unseen(tree->kept[i].ctx_id,
					 tree->pieces + i, n);
		else
			n = 1;
	}
}

static int show(struct kssl_client *client, struct tree *tree)
{
	int ok;

	ok = kssl_dump(client, NULL, keep_conn, tree);
	sort(tree);
	out_list_begin();
	ok = ok && kssl_ctx_dump(client, print_one, tree);
	if (ok)
		print_rest(tree);
	out_list_end(ok);
	free(tree->kept);
	free(tree->pieces);
	return ok ? 0 : library_error();
}

int show_command(struct session *session, struct args *args)
{
	struct tree tree = { .all = session->all };
	struct kssl_client *client;
	bool want_pids;
	int ret;

	if (args_take(args, "help")) {
		puts("Usage: kssl show [ pids ]");
		return 0;
	}
	want_pids = args_take(args, "pids");
	if (args_end(args))
		return EXIT_USAGE;
	client = session_client(session);
	if (!client)
		return EXIT_KERNEL;
	if (want_pids) {
		tree.pids = pids_read();
		if (!tree.pids)
			return EXIT_KERNEL;
	}
	ret = show(client, &tree);
	pids_free(tree.pids);
	return ret;
}
