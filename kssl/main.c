// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: kssl
 *
 * TLS connections as kernel objects: contexts and connections with the meaning
 * of OpenSSL's SSL_CTX and SSL, from which kernel TLS is set up.
 *
 * Objects (object.c) are contexts (ctx.c) and connections (conn.c). They have
 * settings (settings.c, row.c). Clients (client.c) reach them over netlink
 * (netlink.c), kernel users by the functions of net/kssl.h. attach.c brings a
 * connection and a socket (sock.c) together by means of net/tls (ktls.c).
 */

#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include <uapi/linux/kssl.h>

#include "client.h"
#include "conn.h"
#include "ctx.h"
#include "ktls.h"
#include "limit.h"
#include "netlink.h"
#include "settings.h"
#include "sock.h"
#include "stat.h"
#include "usage.h"

static int __init kssl_init(void)
{
	int err;

	err = kssl_limit_init();
	if (err)
		return err;
	err = kssl_stat_init();
	if (err)
		goto exit_limit;
	err = kssl_settings_init();
	if (err)
		goto exit_stat;
	err = kssl_ctx_init();
	if (err)
		goto exit_settings;
	err = kssl_conn_init();
	if (err)
		goto exit_ctx;
	err = kssl_sock_init();
	if (err)
		goto exit_conn;
	err = kssl_client_init();
	if (err)
		goto exit_sock;
	err = kssl_usage_init();
	if (err)
		goto exit_client;
	kssl_ktls_init();
	/* Last: from here on there are requests. */
	err = kssl_netlink_init();
	if (err)
		goto exit_usage;
	return 0;

exit_usage:
	kssl_usage_exit();
exit_client:
	kssl_client_exit();
exit_sock:
	kssl_sock_exit();
exit_conn:
	kssl_conn_exit();
exit_ctx:
	kssl_ctx_exit();
exit_settings:
	kssl_settings_exit();
exit_stat:
	kssl_stat_exit();
exit_limit:
	kssl_limit_exit();
	return err;
}

/*
 * Every reference but a kernel user's pins the module, and kernel users pin it
 * by calling it, so no object is left here. A task may still be about to leave
 * the function in which it dropped the last pin.
 */
static void __exit kssl_exit(void)
{
	kssl_netlink_exit();
	kssl_client_exit();
	synchronize_rcu_tasks();
	rcu_barrier();
	kssl_usage_exit();
	kssl_sock_exit();
	kssl_conn_exit();
	kssl_ctx_exit();
	kssl_settings_exit();
	kssl_stat_exit();
	kssl_limit_exit();
}

module_init(kssl_init);
module_exit(kssl_exit);

MODULE_DESCRIPTION("TLS connections as kernel objects");
MODULE_AUTHOR("The kssl maintainers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(KSSL_FAMILY_NAME);
MODULE_SOFTDEP("pre: tls");
