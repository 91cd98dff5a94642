// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Functions that a program has bound to a connection, called from those that
 * OpenSSL calls.
 */
#include <errno.h>

#include <openssl/x509_vfy.h>

#include "internal.h"
#include "openssl.h"

/* The kernel itself tells of states. */
#define NEEDED	(~(uint32_t)KSSL_CALLBACK_INFO)

int kssl_bound_find(struct kssl *s, const struct kssl_settings_info *info,
		    struct kssl_bound *bound)
{
	*bound = (struct kssl_bound){ .mask = info->callbacks & NEEDED };
	if (!bound->mask)
		return 1;
	bound->fns = kssl_find_callbacks(s->handle.client,
					 info->callbacks_cookie, &bound->arg);
	return bound->fns ||
		kssl_set_error(EOPNOTSUPP,
			       "callbacks: the functions are another client's");
}

static const struct kssl_watch *bound_watch(const SSL *ssl, uint32_t bit)
{
	const struct kssl_watch *watch = kssl_watch_of(ssl);

	return watch && watch->bound.mask & bit ? watch : NULL;
}

static int on_verify(int preverify_ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
			SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct kssl_watch *watch =
		ssl ? bound_watch(ssl, KSSL_CALLBACK_VERIFY) : NULL;

	return watch ? watch->bound.fns->verify(watch->s, preverify_ok, store,
						watch->bound.arg) : 0;
}

static int on_session_id(SSL *ssl, unsigned char *id, unsigned int *id_len)
{
	const struct kssl_watch *watch =
		bound_watch(ssl, KSSL_CALLBACK_SESSION_ID);

	return watch ? watch->bound.fns->session_id(watch->s, id, id_len,
						    watch->bound.arg) : 0;
}

static DH *on_tmp_dh(SSL *ssl, int is_export, int keylength)
{
	const struct kssl_watch *watch = bound_watch(ssl, KSSL_CALLBACK_TMP_DH);

	return watch ? watch->bound.fns->tmp_dh(watch->s, is_export, keylength,
						watch->bound.arg) : NULL;
}

static int on_security(const SSL *ssl, const SSL_CTX *ssl_ctx, int op, int bits,
		       int nid, void *other, void *ex)
{
	const struct kssl_watch *watch =
		ssl ? bound_watch(ssl, KSSL_CALLBACK_SECURITY) : NULL;

	(void)ssl_ctx;
	(void)ex;
	return watch ? watch->bound.fns->security(watch->s, op, bits, nid,
						  other, watch->bound.arg) : 0;
}

static unsigned int on_psk_client(SSL *ssl, const char *hint, char *identity,
				  unsigned int max_identity, unsigned char *psk,
				  unsigned int max_psk)
{
	const struct kssl_watch *watch = bound_watch(ssl, KSSL_CALLBACK_PSK);

	return watch ? watch->bound.fns->psk_client(watch->s, hint, identity,
						    max_identity, psk, max_psk,
						    watch->bound.arg) : 0;
}

static unsigned int on_psk_server(SSL *ssl, const char *identity,
				  unsigned char *psk, unsigned int max_psk)
{
	const struct kssl_watch *watch = bound_watch(ssl, KSSL_CALLBACK_PSK);

	return watch ? watch->bound.fns->psk_server(watch->s, identity, psk,
						    max_psk,
						    watch->bound.arg) : 0;
}

void kssl_bound_apply(SSL *ssl, struct kssl *s, const struct kssl_bound *bound,
		      int verify_mode)
{
	struct kssl_watch *watch = kssl_watch_of(ssl);

	watch->s = s;
	watch->bound = *bound;
	if (bound->mask & KSSL_CALLBACK_VERIFY)
		SSL_set_verify(ssl, verify_mode, on_verify);
	if (bound->mask & KSSL_CALLBACK_SESSION_ID)
		SSL_set_generate_session_id(ssl, on_session_id);
	/* OpenSSL 3 deprecates the function that does just this. */
	if (bound->mask & KSSL_CALLBACK_TMP_DH)
		SSL_callback_ctrl(ssl, SSL_CTRL_SET_TMP_DH_CB,
				  (void (*)(void))on_tmp_dh);
	if (bound->mask & KSSL_CALLBACK_SECURITY)
		SSL_set_security_callback(ssl, on_security);
	if (!(bound->mask & KSSL_CALLBACK_PSK))
		return;
	if (bound->fns->psk_client)
		SSL_set_psk_client_callback(ssl, on_psk_client);
	if (bound->fns->psk_server)
		SSL_set_psk_server_callback(ssl, on_psk_server);
}
