// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: counters
 *
 * What has happened to the objects of a network namespace, in
 * /proc/net/kssl_stat. Each CPU counts by itself, so that counting costs no
 * more than an increment; a reader adds up, and what is negative on one CPU is
 * made good by another.
 */

#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "stat.h"

struct stat_cpu {
	unsigned long n[KSSL_STATS];
};

struct stat_net {
	struct stat_cpu __percpu *cpu;
};

static unsigned int stat_net_id __read_mostly;

static const char * const names[KSSL_STATS] = {
	[KSSL_STAT_CURR_KEPT]		= "KsslCurrKept",
	[KSSL_STAT_CTX_NEW]		= "KsslCtxNew",
	[KSSL_STAT_CTX_FREE]		= "KsslCtxFree",
	[KSSL_STAT_NEW]			= "KsslNew",
	[KSSL_STAT_DUP]			= "KsslDup",
	[KSSL_STAT_FREE]		= "KsslFree",
	[KSSL_STAT_BEGIN]		= "KsslBegin",
	[KSSL_STAT_BEGIN_ERROR]		= "KsslBeginError",
	[KSSL_STAT_ATTACH]		= "KsslAttach",
	[KSSL_STAT_ATTACH_ERROR]	= "KsslAttachError",
	[KSSL_STAT_CLOSED]		= "KsslClosed",
	[KSSL_STAT_ERROR]		= "KsslError",
	[KSSL_STAT_EVENT_LOST]		= "KsslEventLost",
	[KSSL_STAT_KEY_LIMIT]		= "KsslKeyLimit",
	[KSSL_STAT_REKEY]		= "KsslRekey",
	[KSSL_STAT_REKEY_ERROR]		= "KsslRekeyError",
};

static struct stat_cpu __percpu *stats_of(struct net *net)
{
	const struct stat_net *stat = net_generic(net, stat_net_id);

	return stat->cpu;
}

/**
 * kssl_stat_inc - count one more
 * @net: the network namespace
 * @stat: of what
 *
 * Context: any.
 */
void kssl_stat_inc(struct net *net, enum kssl_stat stat)
{
	this_cpu_inc(stats_of(net)->n[stat]);
}

/**
 * kssl_stat_dec - count one less
 * @net: the network namespace
 * @stat: of what
 *
 * Context: any.
 */
void kssl_stat_dec(struct net *net, enum kssl_stat stat)
{
	this_cpu_dec(stats_of(net)->n[stat]);
}

static void add_up(struct stat_cpu __percpu *cpus, struct stat_cpu *sum)
{
	const struct stat_cpu *one;
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		one = per_cpu_ptr(cpus, cpu);
		for (i = 0; i < KSSL_STATS; i++)
			sum->n[i] += READ_ONCE(one->n[i]);
	}
}

static void show(struct seq_file *seq, const char *name, unsigned long n)
{
	seq_printf(seq, "%-32s\t%lu\n", name, n);
}

/*
 * What is there now is what was made less what is gone. Others go on counting
 * meanwhile, perhaps the end of what was not seen to be made.
 */
static void show_current(struct seq_file *seq, const char *name,
			 unsigned long made, unsigned long gone)
{
	show(seq, name, max_t(long, made - gone, 0));
}

static int stat_show(struct seq_file *seq, void *v)
{
	struct stat_cpu sum;
	int i;

	add_up(stats_of(seq->private), &sum);
	show_current(seq, "KsslCurrCtx", sum.n[KSSL_STAT_CTX_NEW],
		     sum.n[KSSL_STAT_CTX_FREE]);
	show_current(seq, "KsslCurrConn",
		     sum.n[KSSL_STAT_NEW] + sum.n[KSSL_STAT_DUP],
		     sum.n[KSSL_STAT_FREE]);
	show_current(seq, names[KSSL_STAT_CURR_KEPT],
		     sum.n[KSSL_STAT_CURR_KEPT], 0);
	for (i = KSSL_STAT_CURR_KEPT + 1; i < KSSL_STATS; i++)
		show(seq, names[i], sum.n[i]);
	return 0;
}

static int __net_init stat_net_init(struct net *net)
{
	struct stat_net *stat = net_generic(net, stat_net_id);

	stat->cpu = alloc_percpu(struct stat_cpu);
	if (!stat->cpu)
		return -ENOMEM;
	if (!IS_ENABLED(CONFIG_PROC_FS) ||
	    proc_create_net_single("kssl_stat", 0444, net->proc_net, stat_show,
				   NULL))
		return 0;
	free_percpu(stat->cpu);
	return -ENOMEM;
}

/* Objects do not outlive their namespace, so nobody counts any more. */
static void __net_exit stat_net_exit(struct net *net)
{
	struct stat_net *stat = net_generic(net, stat_net_id);

	remove_proc_entry("kssl_stat", net->proc_net);
	free_percpu(stat->cpu);
}

static struct pernet_operations stat_net_ops = {
	.init	= stat_net_init,
	.exit	= stat_net_exit,
	.id	= &stat_net_id,
	.size	= sizeof(struct stat_net),
};

int __init kssl_stat_init(void)
{
	return register_pernet_subsys(&stat_net_ops);
}

void kssl_stat_exit(void)
{
	unregister_pernet_subsys(&stat_net_ops);
}
