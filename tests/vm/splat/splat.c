// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does on purpose what the VM runner has to notice. What went wrong goes
 * wrong in the insmod, which then fails, so that the same can be asked again.
 */

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>

static char *what = "nothing";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "warn, oops, atomic or leak");

static int __init splat_init(void)
{
	if (!strcmp(what, "warn")) {
		WARN(1, "splat: as you wish\n");
	} else if (!strcmp(what, "oops")) {
		WRITE_ONCE(*(int *)NULL, 0);
	} else if (!strcmp(what, "atomic")) {
		preempt_disable();
		msleep(20);
		preempt_enable();
	} else if (!strcmp(what, "leak")) {
		void *leaked = kmalloc(1000, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(leaked);
	}
	return -ECANCELED;
}

module_init(splat_init);
MODULE_DESCRIPTION("Faults for the VM runner to find");
MODULE_LICENSE("GPL");
