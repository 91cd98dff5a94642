/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkssl: the settings of contexts and connections. <kssl/kssl.h> includes
 * this file.
 *
 * A row of the settings table of the kernel has five functions here, with one
 * contract for all:
 *
 * kssl_settings_<row> - collect a value, to be applied with others by
 *	kssl_ctx_set(), kssl_set(), kssl_ctx_new_with(), kssl_new_with() or
 *	kssl_ctx_attach(), all or none. Checks nothing but that it can be sent,
 *	the kernel does the rest. Of several values of a row the last counts.
 *	1, or 0 with ENOMEM, or EINVAL for an index that does not exist.
 * kssl_ctx_set_<name>, kssl_set_<name> - set the row alone; <name> is that of
 *	OpenSSL's function. A context's value is inherited by the connections
 *	that are made from it later. 1 or 0.
 * kssl_ctx_get_<name>, kssl_get_<name> - ask the kernel for the row.
 *
 * Values are copied; the caller keeps what it passed. The types:
 *
 * numbers - in host byte order. Getters store *@value and return 1 or 0.
 * on - any value but 0 is on; getters store 0 or 1.
 * codes, serials - at most the stated number, in order of preference. Getters
 *	store at most @max and return how many the row has, or -1.
 * text - terminated; NULL and "" are no text. Getters store a terminated
 *	string of at most @size bytes, cut if it is longer, and return 1 or 0.
 * data - bytes, at most KSSL_BLOB_MAX unless said otherwise; none empties the
 *	row. Getters store at most @size bytes and return how many the row has,
 *	or -1; @buf may be NULL if @size is 0.
 * serial - serial number of a key in the kernel's keyrings, of which the caller
 *	must have the search permission, or 0 for none. The kernel keeps the key
 *	from going, and no call returns its payload.
 *
 * Errors of setters: EINVAL a value that cannot be, with the row's attribute in
 * kssl_error_attr(); EBUSY the row is policy and the connection is past state
 * initial; ENOKEY, EKEYEXPIRED, EKEYREVOKED, EACCES a key that cannot be had;
 * EDQUOT, ENOMEM no memory; EPERM not all rights on the object. Errors of
 * getters: EPERM not permitted to look, ENOENT no such object, EOPNOTSUPP a
 * kernel without the row.
 */
#ifndef KSSL_SETTINGS_H
#define KSSL_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/kssl.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kssl_ctx;	/* one client's handle on a context */
struct kssl;		/* one client's handle on a connection */
struct kssl_settings;	/* rows that are set together, or not at all */

/*
 * kssl_settings_new - an empty collection; NULL with ENOMEM
 * kssl_settings_free - free it, and wipe what it had; NULL is allowed
 *
 * It belongs to no client and may be applied any number of times. Rows of
 * which several do not fit into an attribute of 64 KiB are spread over as many
 * as it takes, and still set together.
 */
struct kssl_settings *kssl_settings_new(void);
void kssl_settings_free(struct kssl_settings *settings);

/* --- what a connection may be ------------------------------------------- */

/*
 * method - whether a context's connections may be clients, servers or either;
 *	settable only when a context is made
 * role - client or server; of a connection only
 * timeout - lifetime of a session in seconds, 0 to INT32_MAX; of a context only
 * options - bits of enum kssl_op (SSL_set_options(3))
 * mode - bits of enum kssl_mode (SSL_set_mode(3))
 *
 * options and mode: the bits of @mask take the values they have in @bits; the
 * functions of one row set or clear the bits they are given and leave the
 * others.
 */
int kssl_settings_method(struct kssl_settings *settings,
			 enum kssl_method method);
int kssl_ctx_get_method(struct kssl_ctx *ctx, enum kssl_method *method);

int kssl_settings_role(struct kssl_settings *settings, enum kssl_role role);
int kssl_set_accept_state(struct kssl *s);
int kssl_set_connect_state(struct kssl *s);
int kssl_get_role(struct kssl *s, enum kssl_role *role);

int kssl_settings_timeout(struct kssl_settings *settings, uint32_t seconds);
int kssl_ctx_set_timeout(struct kssl_ctx *ctx, uint32_t seconds);
int kssl_ctx_get_timeout(struct kssl_ctx *ctx, uint32_t *seconds);
int kssl_get_timeout(struct kssl *s, uint32_t *seconds);

int kssl_settings_options(struct kssl_settings *settings, uint64_t bits,
			  uint64_t mask);
int kssl_ctx_set_options(struct kssl_ctx *ctx, uint64_t value);
int kssl_ctx_clear_options(struct kssl_ctx *ctx, uint64_t bits);
int kssl_ctx_get_options(struct kssl_ctx *ctx, uint64_t *value);
int kssl_set_options(struct kssl *s, uint64_t value);
int kssl_clear_options(struct kssl *s, uint64_t bits);
int kssl_get_options(struct kssl *s, uint64_t *value);

int kssl_settings_mode(struct kssl_settings *settings, uint32_t bits,
		       uint32_t mask);
int kssl_ctx_set_mode(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_clear_mode(struct kssl_ctx *ctx, uint32_t bits);
int kssl_ctx_get_mode(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_mode(struct kssl *s, uint32_t value);
int kssl_clear_mode(struct kssl *s, uint32_t bits);
int kssl_get_mode(struct kssl *s, uint32_t *value);

/* --- versions and algorithms -------------------------------------------- */

/*
 * min_proto, max_proto - 0x0301 to 0x0304, or 0 for any
 * cipher_list - IANA codes of suites up to TLS 1.2, 1 to KSSL_SUITES_MAX
 * ciphersuites - IANA codes of TLS 1.3 suites, 0 to KSSL_SUITES_MAX
 * security_level - 0 to 5 (SSL_CTX_set_security_level(3))
 * groups - codes of RFC 8446 section 4.2.7, at most KSSL_CODES_MAX
 * sigalgs - signature schemes (RFC 8446 section 4.2.3), at most KSSL_CODES_MAX;
 *	client_sigalgs the same for the certificates of clients
 * tmp_dh - Diffie-Hellman parameters, DER (PKCS #3)
 * dh_auto - 1 for parameters that fit the key, 2 for 1024 bits, 0 for neither
 */
int kssl_settings_min_proto(struct kssl_settings *settings, uint16_t value);
int kssl_ctx_set_min_proto_version(struct kssl_ctx *ctx, uint16_t value);
int kssl_ctx_get_min_proto_version(struct kssl_ctx *ctx, uint16_t *value);
int kssl_set_min_proto_version(struct kssl *s, uint16_t value);
int kssl_get_min_proto_version(struct kssl *s, uint16_t *value);

int kssl_settings_max_proto(struct kssl_settings *settings, uint16_t value);
int kssl_ctx_set_max_proto_version(struct kssl_ctx *ctx, uint16_t value);
int kssl_ctx_get_max_proto_version(struct kssl_ctx *ctx, uint16_t *value);
int kssl_set_max_proto_version(struct kssl *s, uint16_t value);
int kssl_get_max_proto_version(struct kssl *s, uint16_t *value);

int kssl_settings_cipher_list(struct kssl_settings *settings,
			      const uint16_t *codes, size_t n);
int kssl_ctx_set_cipher_list(struct kssl_ctx *ctx, const uint16_t *codes,
			     size_t n);
int kssl_ctx_get_cipher_list(struct kssl_ctx *ctx, uint16_t *codes, size_t max);
int kssl_set_cipher_list(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_cipher_list(struct kssl *s, uint16_t *codes, size_t max);

int kssl_settings_ciphersuites(struct kssl_settings *settings,
			       const uint16_t *codes, size_t n);
int kssl_ctx_set_ciphersuites(struct kssl_ctx *ctx, const uint16_t *codes,
			      size_t n);
int kssl_ctx_get_ciphersuites(struct kssl_ctx *ctx, uint16_t *codes,
			      size_t max);
int kssl_set_ciphersuites(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_ciphersuites(struct kssl *s, uint16_t *codes, size_t max);

int kssl_settings_security_level(struct kssl_settings *settings, uint8_t value);
int kssl_ctx_set_security_level(struct kssl_ctx *ctx, uint8_t value);
int kssl_ctx_get_security_level(struct kssl_ctx *ctx, uint8_t *value);
int kssl_set_security_level(struct kssl *s, uint8_t value);
int kssl_get_security_level(struct kssl *s, uint8_t *value);

int kssl_settings_groups(struct kssl_settings *settings, const uint16_t *codes,
			 size_t n);
int kssl_ctx_set_groups(struct kssl_ctx *ctx, const uint16_t *codes, size_t n);
int kssl_ctx_get_groups(struct kssl_ctx *ctx, uint16_t *codes, size_t max);
int kssl_set_groups(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_groups(struct kssl *s, uint16_t *codes, size_t max);

int kssl_settings_sigalgs(struct kssl_settings *settings, const uint16_t *codes,
			  size_t n);
int kssl_ctx_set_sigalgs(struct kssl_ctx *ctx, const uint16_t *codes, size_t n);
int kssl_ctx_get_sigalgs(struct kssl_ctx *ctx, uint16_t *codes, size_t max);
int kssl_set_sigalgs(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_sigalgs(struct kssl *s, uint16_t *codes, size_t max);

int kssl_settings_client_sigalgs(struct kssl_settings *settings,
				 const uint16_t *codes, size_t n);
int kssl_ctx_set_client_sigalgs(struct kssl_ctx *ctx, const uint16_t *codes,
				size_t n);
int kssl_ctx_get_client_sigalgs(struct kssl_ctx *ctx, uint16_t *codes,
				size_t max);
int kssl_set_client_sigalgs(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_client_sigalgs(struct kssl *s, uint16_t *codes, size_t max);

int kssl_settings_tmp_dh(struct kssl_settings *settings, const void *data,
			 size_t len);
int kssl_ctx_set_tmp_dh(struct kssl_ctx *ctx, const void *data, size_t len);
ssize_t kssl_ctx_get_tmp_dh(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_tmp_dh(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_tmp_dh(struct kssl *s, void *buf, size_t size);

int kssl_settings_dh_auto(struct kssl_settings *settings, uint8_t value);
int kssl_ctx_set_dh_auto(struct kssl_ctx *ctx, uint8_t value);
int kssl_ctx_get_dh_auto(struct kssl_ctx *ctx, uint8_t *value);
int kssl_set_dh_auto(struct kssl *s, uint8_t value);
int kssl_get_dh_auto(struct kssl *s, uint8_t *value);

/* --- verification ------------------------------------------------------- */

/*
 * verify_mode - bits of enum kssl_verify; all others need KSSL_VERIFY_PEER
 * verify_depth - 0 to 100, or -1 for the default (SSL_set_verify_depth(3))
 * verify_flags - all bits of enum kssl_verify_flag that are to be on
 *	(X509_VERIFY_PARAM_set_flags(3)); set, not added
 * verify_purpose - X509_PURPOSE_*, 0 to 10, 0 for the role's own
 * verify_trust - X509_TRUST_*, 0 to 8, 0 for the purpose's
 * verify_hosts - names of which the peer's certificate must have one, each with
 *	a leading byte of length; KSSL_HOSTS_MAX bytes in all
 * verify_host_flags - all bits of enum kssl_host_flag that are to be on
 * verify_email - mail address of the peer's certificate, to KSSL_NAME_MAX bytes
 * verify_ip - its address, 4 or 16 bytes in network byte order
 * verify_time - seconds since 1970 that count as now, or 0 for the clock
 * verify_auth_level - security level of the peer's certificates, 0 to 5, or -1
 *	for security_level
 * trust_anchors - certificates, DER one after the other
 * trust_system - whether the system's certificates are trusted, too
 * crls - revocation lists, DER one after the other
 * max_cert_list - bytes that the peer's chain may have
 */
int kssl_settings_verify_mode(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_verify_mode(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_verify_mode(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_verify_mode(struct kssl *s, uint32_t value);
int kssl_get_verify_mode(struct kssl *s, uint32_t *value);

int kssl_settings_verify_depth(struct kssl_settings *settings, int32_t value);
int kssl_ctx_set_verify_depth(struct kssl_ctx *ctx, int32_t value);
int kssl_ctx_get_verify_depth(struct kssl_ctx *ctx, int32_t *value);
int kssl_set_verify_depth(struct kssl *s, int32_t value);
int kssl_get_verify_depth(struct kssl *s, int32_t *value);

int kssl_settings_verify_flags(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_verify_flags(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_verify_flags(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_verify_flags(struct kssl *s, uint32_t value);
int kssl_get_verify_flags(struct kssl *s, uint32_t *value);

int kssl_settings_verify_purpose(struct kssl_settings *settings, uint8_t value);
int kssl_ctx_set_purpose(struct kssl_ctx *ctx, uint8_t value);
int kssl_ctx_get_purpose(struct kssl_ctx *ctx, uint8_t *value);
int kssl_set_purpose(struct kssl *s, uint8_t value);
int kssl_get_purpose(struct kssl *s, uint8_t *value);

int kssl_settings_verify_trust(struct kssl_settings *settings, uint8_t value);
int kssl_ctx_set_trust(struct kssl_ctx *ctx, uint8_t value);
int kssl_ctx_get_trust(struct kssl_ctx *ctx, uint8_t *value);
int kssl_set_trust(struct kssl *s, uint8_t value);
int kssl_get_trust(struct kssl *s, uint8_t *value);

int kssl_settings_verify_hosts(struct kssl_settings *settings, const void *data,
			       size_t len);
int kssl_ctx_set_verify_hosts(struct kssl_ctx *ctx, const void *data,
			      size_t len);
ssize_t kssl_ctx_get_verify_hosts(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_verify_hosts(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_verify_hosts(struct kssl *s, void *buf, size_t size);

int kssl_settings_verify_host_flags(struct kssl_settings *settings,
				    uint32_t value);
int kssl_ctx_set_hostflags(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_hostflags(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_hostflags(struct kssl *s, uint32_t value);
int kssl_get_hostflags(struct kssl *s, uint32_t *value);

int kssl_settings_verify_email(struct kssl_settings *settings,
			       const char *text);
int kssl_ctx_set_verify_email(struct kssl_ctx *ctx, const char *text);
int kssl_ctx_get_verify_email(struct kssl_ctx *ctx, char *text, size_t size);
int kssl_set_verify_email(struct kssl *s, const char *text);
int kssl_get_verify_email(struct kssl *s, char *text, size_t size);

int kssl_settings_verify_ip(struct kssl_settings *settings, const void *data,
			    size_t len);
int kssl_ctx_set_verify_ip(struct kssl_ctx *ctx, const void *data, size_t len);
ssize_t kssl_ctx_get_verify_ip(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_verify_ip(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_verify_ip(struct kssl *s, void *buf, size_t size);

int kssl_settings_verify_time(struct kssl_settings *settings, uint64_t value);
int kssl_ctx_set_verify_time(struct kssl_ctx *ctx, uint64_t value);
int kssl_ctx_get_verify_time(struct kssl_ctx *ctx, uint64_t *value);
int kssl_set_verify_time(struct kssl *s, uint64_t value);
int kssl_get_verify_time(struct kssl *s, uint64_t *value);

int kssl_settings_verify_auth_level(struct kssl_settings *settings,
				    int32_t value);
int kssl_ctx_set_verify_auth_level(struct kssl_ctx *ctx, int32_t value);
int kssl_ctx_get_verify_auth_level(struct kssl_ctx *ctx, int32_t *value);
int kssl_set_verify_auth_level(struct kssl *s, int32_t value);
int kssl_get_verify_auth_level(struct kssl *s, int32_t *value);

int kssl_settings_trust_anchors(struct kssl_settings *settings,
				const void *data, size_t len);
int kssl_ctx_set_trust_anchors(struct kssl_ctx *ctx, const void *data,
			       size_t len);
ssize_t kssl_ctx_get_trust_anchors(struct kssl_ctx *ctx, void *buf,
				   size_t size);
int kssl_set_trust_anchors(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_trust_anchors(struct kssl *s, void *buf, size_t size);

int kssl_settings_trust_system(struct kssl_settings *settings, int on);
int kssl_ctx_set_trust_system(struct kssl_ctx *ctx, int on);
int kssl_ctx_get_trust_system(struct kssl_ctx *ctx, int *on);
int kssl_set_trust_system(struct kssl *s, int on);
int kssl_get_trust_system(struct kssl *s, int *on);

int kssl_settings_crls(struct kssl_settings *settings, const void *data,
		       size_t len);
int kssl_ctx_set_crls(struct kssl_ctx *ctx, const void *data, size_t len);
ssize_t kssl_ctx_get_crls(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_crls(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_crls(struct kssl *s, void *buf, size_t size);

int kssl_settings_max_cert_list(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_max_cert_list(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_max_cert_list(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_max_cert_list(struct kssl *s, uint32_t value);
int kssl_get_max_cert_list(struct kssl *s, uint32_t *value);

/*
 * DANE (RFC 6698, RFC 7671).
 *
 * dane_enabled - whether TLSA records verify the peer
 * dane_flags - all bits of enum kssl_dane_flag that are to be on
 * dane_mtypes - at most 2 pairs of a matching type, 1 or 2, and its strength,
 *	0 to disable it
 * dane_tlsa - records, each 16 bits of length in network byte order, then the
 *	data of RFC 6698 section 2.1; needs dane_enabled
 */
int kssl_settings_dane_enabled(struct kssl_settings *settings, int on);
int kssl_ctx_set_dane_enabled(struct kssl_ctx *ctx, int on);
int kssl_ctx_get_dane_enabled(struct kssl_ctx *ctx, int *on);
int kssl_set_dane_enabled(struct kssl *s, int on);
int kssl_get_dane_enabled(struct kssl *s, int *on);

int kssl_settings_dane_flags(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_dane_flags(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_dane_flags(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_dane_flags(struct kssl *s, uint32_t value);
int kssl_get_dane_flags(struct kssl *s, uint32_t *value);

int kssl_settings_dane_mtypes(struct kssl_settings *settings, const void *data,
			      size_t len);
int kssl_ctx_set_dane_mtypes(struct kssl_ctx *ctx, const void *data,
			     size_t len);
ssize_t kssl_ctx_get_dane_mtypes(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_dane_mtypes(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_dane_mtypes(struct kssl *s, void *buf, size_t size);

int kssl_settings_dane_tlsa(struct kssl_settings *settings, const void *data,
			    size_t len);
int kssl_ctx_set_dane_tlsa(struct kssl_ctx *ctx, const void *data, size_t len);
ssize_t kssl_ctx_get_dane_tlsa(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_dane_tlsa(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_dane_tlsa(struct kssl *s, void *buf, size_t size);

/* --- certificates ------------------------------------------------------- */

/*
 * An object has KSSL_CERT_SLOTS slots, one for each type of key.
 *
 * certificate - DER; the kernel does not look into it
 * chain - the certificates above it, DER one after the other
 * private_key - serial of its key
 * ocsp - OCSP response to be stapled, DER
 * certificate_current - the slot that is current (SSL_CTX_set_current_cert(3))
 * ca_list - distinguished names that are told to the peer, DER one after the
 *	other; client_ca_list those that a server tells instead
 * client_cert_types - types that a server asks for (RFC 5246 section 7.4.4), at
 *	most KSSL_CERT_TYPES_MAX
 */
int kssl_settings_certificate(struct kssl_settings *settings,
			      enum kssl_cert_slot slot, const void *data,
			      size_t len);
int kssl_ctx_use_certificate(struct kssl_ctx *ctx, enum kssl_cert_slot slot,
			     const void *data, size_t len);
ssize_t kssl_ctx_get_certificate(struct kssl_ctx *ctx, enum kssl_cert_slot slot,
				 void *buf, size_t size);
int kssl_use_certificate(struct kssl *s, enum kssl_cert_slot slot,
			 const void *data, size_t len);
ssize_t kssl_get_certificate(struct kssl *s, enum kssl_cert_slot slot,
			     void *buf, size_t size);

int kssl_settings_chain(struct kssl_settings *settings,
			enum kssl_cert_slot slot, const void *data, size_t len);
int kssl_ctx_set_chain(struct kssl_ctx *ctx, enum kssl_cert_slot slot,
		       const void *data, size_t len);
ssize_t kssl_ctx_get_chain(struct kssl_ctx *ctx, enum kssl_cert_slot slot,
			   void *buf, size_t size);
int kssl_set_chain(struct kssl *s, enum kssl_cert_slot slot, const void *data,
		   size_t len);
ssize_t kssl_get_chain(struct kssl *s, enum kssl_cert_slot slot, void *buf,
		       size_t size);

int kssl_settings_private_key(struct kssl_settings *settings,
			      enum kssl_cert_slot slot, uint32_t serial);
int kssl_ctx_use_private_key(struct kssl_ctx *ctx, enum kssl_cert_slot slot,
			     uint32_t serial);
int kssl_ctx_get_private_key(struct kssl_ctx *ctx, enum kssl_cert_slot slot,
			     uint32_t *serial);
int kssl_use_private_key(struct kssl *s, enum kssl_cert_slot slot,
			 uint32_t serial);
int kssl_get_private_key(struct kssl *s, enum kssl_cert_slot slot,
			 uint32_t *serial);

int kssl_settings_ocsp(struct kssl_settings *settings, enum kssl_cert_slot slot,
		       const void *data, size_t len);
int kssl_ctx_set_tlsext_status_ocsp_resp(struct kssl_ctx *ctx,
					 enum kssl_cert_slot slot,
					 const void *data, size_t len);
ssize_t kssl_ctx_get_tlsext_status_ocsp_resp(struct kssl_ctx *ctx,
					     enum kssl_cert_slot slot,
					     void *buf, size_t size);
int kssl_set_tlsext_status_ocsp_resp(struct kssl *s, enum kssl_cert_slot slot,
				     const void *data, size_t len);
ssize_t kssl_get_tlsext_status_ocsp_resp(struct kssl *s,
					 enum kssl_cert_slot slot, void *buf,
					 size_t size);

int kssl_settings_certificate_current(struct kssl_settings *settings,
				      uint8_t value);
int kssl_ctx_set_current_cert(struct kssl_ctx *ctx, uint8_t value);
int kssl_ctx_get_current_cert(struct kssl_ctx *ctx, uint8_t *value);
int kssl_set_current_cert(struct kssl *s, uint8_t value);
int kssl_get_current_cert(struct kssl *s, uint8_t *value);

int kssl_settings_ca_list(struct kssl_settings *settings, const void *data,
			  size_t len);
int kssl_ctx_set_ca_list(struct kssl_ctx *ctx, const void *data, size_t len);
ssize_t kssl_ctx_get_ca_list(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_ca_list(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_ca_list(struct kssl *s, void *buf, size_t size);

int kssl_settings_client_ca_list(struct kssl_settings *settings,
				 const void *data, size_t len);
int kssl_ctx_set_client_ca_list(struct kssl_ctx *ctx, const void *data,
				size_t len);
ssize_t kssl_ctx_get_client_ca_list(struct kssl_ctx *ctx, void *buf,
				    size_t size);
int kssl_set_client_ca_list(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_client_ca_list(struct kssl *s, void *buf, size_t size);

int kssl_settings_client_cert_types(struct kssl_settings *settings,
				    const void *data, size_t len);
int kssl_ctx_set_client_certificate_types(struct kssl_ctx *ctx,
					  const void *data, size_t len);
ssize_t kssl_ctx_get_client_certificate_types(struct kssl_ctx *ctx, void *buf,
					      size_t size);
int kssl_set_client_certificate_types(struct kssl *s, const void *data,
				      size_t len);
ssize_t kssl_get_client_certificate_types(struct kssl *s, void *buf,
					  size_t size);

/* --- sessions ----------------------------------------------------------- */

/*
 * session - serialised session that a client wants to resume, opaque to the
 *	kernel; of a connection only, in any state. It contains a secret, so
 *	kssl_get_session() needs all rights on the connection (EPERM).
 * session_id_context - at most KSSL_SID_CTX_MAX bytes
 *	(SSL_CTX_set_session_id_context(3))
 * num_tickets - TLS 1.3 tickets that a server sends
 * ticket_keys - keys of session tickets, at most KSSL_TICKET_KEYS_MAX, of which
 *	the first encrypts
 * max_early_data - bytes of early data that a session allows
 * recv_max_early_data - bytes of early data that a server takes
 */
int kssl_settings_session(struct kssl_settings *settings, const void *data,
			  size_t len);
int kssl_set_session(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_session(struct kssl *s, void *buf, size_t size);

int kssl_settings_session_id_context(struct kssl_settings *settings,
				     const void *data, size_t len);
int kssl_ctx_set_session_id_context(struct kssl_ctx *ctx, const void *data,
				    size_t len);
ssize_t kssl_ctx_get_session_id_context(struct kssl_ctx *ctx, void *buf,
					size_t size);
int kssl_set_session_id_context(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_session_id_context(struct kssl *s, void *buf, size_t size);

int kssl_settings_num_tickets(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_num_tickets(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_num_tickets(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_num_tickets(struct kssl *s, uint32_t value);
int kssl_get_num_tickets(struct kssl *s, uint32_t *value);

int kssl_settings_ticket_keys(struct kssl_settings *settings,
			      const uint32_t *serials, size_t n);
int kssl_ctx_set_tlsext_ticket_keys(struct kssl_ctx *ctx,
				    const uint32_t *serials, size_t n);
int kssl_ctx_get_tlsext_ticket_keys(struct kssl_ctx *ctx, uint32_t *serials,
				    size_t max);
int kssl_set_tlsext_ticket_keys(struct kssl *s, const uint32_t *serials,
				size_t n);
int kssl_get_tlsext_ticket_keys(struct kssl *s, uint32_t *serials, size_t max);

int kssl_settings_max_early_data(struct kssl_settings *settings,
				 uint32_t value);
int kssl_ctx_set_max_early_data(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_max_early_data(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_max_early_data(struct kssl *s, uint32_t value);
int kssl_get_max_early_data(struct kssl *s, uint32_t *value);

int kssl_settings_recv_max_early_data(struct kssl_settings *settings,
				      uint32_t value);
int kssl_ctx_set_recv_max_early_data(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_recv_max_early_data(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_recv_max_early_data(struct kssl *s, uint32_t value);
int kssl_get_recv_max_early_data(struct kssl *s, uint32_t *value);

/*
 * Pre-shared keys.
 *
 * psk_identity_hint - a server's hint, at most KSSL_PSK_IDENTITY_MAX bytes
 * psk_identity - the identity of psk_key, at most KSSL_PSK_IDENTITY_MAX bytes
 * psk_key - serial of the pre-shared key
 */
int kssl_settings_psk_identity_hint(struct kssl_settings *settings,
				    const char *text);
int kssl_ctx_use_psk_identity_hint(struct kssl_ctx *ctx, const char *text);
int kssl_ctx_get_psk_identity_hint(struct kssl_ctx *ctx, char *text,
				   size_t size);
int kssl_use_psk_identity_hint(struct kssl *s, const char *text);
int kssl_get_psk_identity_hint(struct kssl *s, char *text, size_t size);

int kssl_settings_psk_identity(struct kssl_settings *settings,
			       const char *text);
int kssl_ctx_set_psk_identity(struct kssl_ctx *ctx, const char *text);
int kssl_ctx_get_psk_identity(struct kssl_ctx *ctx, char *text, size_t size);
int kssl_set_psk_identity(struct kssl *s, const char *text);
int kssl_get_psk_identity(struct kssl *s, char *text, size_t size);

int kssl_settings_psk_key(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_psk_key(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_psk_key(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_psk_key(struct kssl *s, uint32_t value);
int kssl_get_psk_key(struct kssl *s, uint32_t *value);

/* --- extensions --------------------------------------------------------- */

/*
 * sni - host name that a client asks for (RFC 6066 section 3), at most
 *	KSSL_NAME_MAX bytes
 * alpn - protocols in order of preference (RFC 7301), each with a leading byte
 *	of length; KSSL_ALPN_MAX bytes in all. A server's as well.
 * max_fragment_len - code of RFC 6066 section 4, 1 to 4 for 512 to 4096 bytes,
 *	or 0 for none
 * serverinfo - extensions that a server adds, each 16 bits of type, 16 bits of
 *	length and the data (SSL_CTX_use_serverinfo(3))
 * serverinfo_v2 - the same, each after 32 bits of context
 *	(SSL_CTX_use_serverinfo_ex(3)); an object has one of the two
 * custom_extensions - extensions that either end adds, framed as serverinfo_v2
 */
int kssl_settings_sni(struct kssl_settings *settings, const char *text);
int kssl_ctx_set_tlsext_host_name(struct kssl_ctx *ctx, const char *text);
int kssl_ctx_get_tlsext_host_name(struct kssl_ctx *ctx, char *text,
				  size_t size);
int kssl_set_tlsext_host_name(struct kssl *s, const char *text);
int kssl_get_tlsext_host_name(struct kssl *s, char *text, size_t size);

int kssl_settings_alpn(struct kssl_settings *settings, const void *data,
		       size_t len);
int kssl_ctx_set_alpn_protos(struct kssl_ctx *ctx, const void *data,
			     size_t len);
ssize_t kssl_ctx_get_alpn_protos(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_set_alpn_protos(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_alpn_protos(struct kssl *s, void *buf, size_t size);

int kssl_settings_max_fragment_len(struct kssl_settings *settings,
				   uint8_t value);
int kssl_ctx_set_tlsext_max_fragment_length(struct kssl_ctx *ctx,
					    uint8_t value);
int kssl_ctx_get_tlsext_max_fragment_length(struct kssl_ctx *ctx,
					    uint8_t *value);
int kssl_set_tlsext_max_fragment_length(struct kssl *s, uint8_t value);
int kssl_get_tlsext_max_fragment_length(struct kssl *s, uint8_t *value);

int kssl_settings_serverinfo(struct kssl_settings *settings, const void *data,
			     size_t len);
int kssl_ctx_use_serverinfo(struct kssl_ctx *ctx, const void *data, size_t len);
ssize_t kssl_ctx_get_serverinfo(struct kssl_ctx *ctx, void *buf, size_t size);
int kssl_use_serverinfo(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_serverinfo(struct kssl *s, void *buf, size_t size);

int kssl_settings_serverinfo_v2(struct kssl_settings *settings,
				const void *data, size_t len);
int kssl_ctx_use_serverinfo_v2(struct kssl_ctx *ctx, const void *data,
			       size_t len);
ssize_t kssl_ctx_get_serverinfo_v2(struct kssl_ctx *ctx, void *buf,
				   size_t size);
int kssl_use_serverinfo_v2(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_serverinfo_v2(struct kssl *s, void *buf, size_t size);

int kssl_settings_custom_extensions(struct kssl_settings *settings,
				    const void *data, size_t len);
int kssl_ctx_set_custom_extensions(struct kssl_ctx *ctx, const void *data,
				   size_t len);
ssize_t kssl_ctx_get_custom_extensions(struct kssl_ctx *ctx, void *buf,
				       size_t size);
int kssl_set_custom_extensions(struct kssl *s, const void *data, size_t len);
ssize_t kssl_get_custom_extensions(struct kssl *s, void *buf, size_t size);

/* --- records ------------------------------------------------------------ */

/*
 * read_ahead - as SSL_set_read_ahead(3)
 * quiet_shutdown - no close_notify (SSL_set_quiet_shutdown(3)); in any state
 * block_padding - bytes to which records are padded, at most 16384
 * max_send_fragment - bytes of plaintext in a record, 512 to 16384
 * split_send_fragment - 1 to max_send_fragment
 *	(SSL_CTX_set_split_send_fragment(3))
 */
int kssl_settings_read_ahead(struct kssl_settings *settings, int on);
int kssl_ctx_set_read_ahead(struct kssl_ctx *ctx, int on);
int kssl_ctx_get_read_ahead(struct kssl_ctx *ctx, int *on);
int kssl_set_read_ahead(struct kssl *s, int on);
int kssl_get_read_ahead(struct kssl *s, int *on);

int kssl_settings_quiet_shutdown(struct kssl_settings *settings, int on);
int kssl_ctx_set_quiet_shutdown(struct kssl_ctx *ctx, int on);
int kssl_ctx_get_quiet_shutdown(struct kssl_ctx *ctx, int *on);
int kssl_set_quiet_shutdown(struct kssl *s, int on);
int kssl_get_quiet_shutdown(struct kssl *s, int *on);

int kssl_settings_block_padding(struct kssl_settings *settings, uint32_t value);
int kssl_ctx_set_block_padding(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_block_padding(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_block_padding(struct kssl *s, uint32_t value);
int kssl_get_block_padding(struct kssl *s, uint32_t *value);

int kssl_settings_max_send_fragment(struct kssl_settings *settings,
				    uint32_t value);
int kssl_ctx_set_max_send_fragment(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_max_send_fragment(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_max_send_fragment(struct kssl *s, uint32_t value);
int kssl_get_max_send_fragment(struct kssl *s, uint32_t *value);

int kssl_settings_split_send_fragment(struct kssl_settings *settings,
				      uint32_t value);
int kssl_ctx_set_split_send_fragment(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_split_send_fragment(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_split_send_fragment(struct kssl *s, uint32_t value);
int kssl_get_split_send_fragment(struct kssl *s, uint32_t *value);

/* --- the object itself -------------------------------------------------- */

/*
 * label - free text by which a dump can be filtered, at most KSSL_LABEL_MAX
 *	bytes; in any state
 * ex_data - the program's own data at @index, 0 to KSSL_EX_DATA_MAX - 1; in any
 *	state. Read only through an object on which this client has all rights
 *	(EPERM).
 * share - whether other clients of the same user may take a reference by id,
 *	with all rights; in any state
 * keep - whether a connection keeps its socket open from attach on, until
 *	either end shuts the connection down or its last reference goes; close()
 *	then closes nothing. A context with it holds such connections as long as
 *	a client, a file descriptor or another module holds the context.
 */
int kssl_settings_label(struct kssl_settings *settings, const char *text);
int kssl_ctx_set_label(struct kssl_ctx *ctx, const char *text);
int kssl_ctx_get_label(struct kssl_ctx *ctx, char *text, size_t size);
int kssl_set_label(struct kssl *s, const char *text);
int kssl_get_label(struct kssl *s, char *text, size_t size);

int kssl_settings_ex_data(struct kssl_settings *settings, unsigned int index,
			  const void *data, size_t len);
int kssl_ctx_set_ex_data(struct kssl_ctx *ctx, unsigned int index,
			 const void *data, size_t len);
ssize_t kssl_ctx_get_ex_data(struct kssl_ctx *ctx, unsigned int index,
			     void *buf, size_t size);
int kssl_set_ex_data(struct kssl *s, unsigned int index, const void *data,
		     size_t len);
ssize_t kssl_get_ex_data(struct kssl *s, unsigned int index, void *buf,
			 size_t size);

int kssl_settings_share(struct kssl_settings *settings, int on);
int kssl_ctx_set_share(struct kssl_ctx *ctx, int on);
int kssl_ctx_get_share(struct kssl_ctx *ctx, int *on);
int kssl_set_share(struct kssl *s, int on);
int kssl_get_share(struct kssl *s, int *on);

int kssl_settings_keep(struct kssl_settings *settings, int on);
int kssl_ctx_set_keep(struct kssl_ctx *ctx, int on);
int kssl_ctx_get_keep(struct kssl_ctx *ctx, int *on);
int kssl_set_keep(struct kssl *s, int on);
int kssl_get_keep(struct kssl *s, int *on);

/* --- callbacks ---------------------------------------------------------- */

/*
 * callbacks - bits of enum kssl_callback: functions that the program has
 * callbacks_cookie - by which the client that binds them knows them
 *
 * Programs use kssl_set_callbacks() and kssl_ctx_set_callbacks(), which find
 * the cookie.
 */
int kssl_settings_callbacks(struct kssl_settings *settings, uint32_t mask);
int kssl_settings_callbacks_cookie(struct kssl_settings *settings,
				   uint64_t cookie);
int kssl_ctx_get_callbacks(struct kssl_ctx *ctx, uint32_t *mask);
int kssl_get_callbacks(struct kssl *s, uint32_t *mask);

/* --- any row ------------------------------------------------------------ */

/*
 * kssl_ctx_get_row, kssl_get_row - the payload of the attribute @attr
 *	(KSSL_A_SETTINGS_*) as the kernel reports it
 *
 * Stores memory of *@len bytes in *@data that the caller must free(), or NULL
 * if the row is empty. Return 1 or 0. Errors: EINVAL no such row, and those of
 * the getters.
 */
int kssl_ctx_get_row(struct kssl_ctx *ctx, uint16_t attr, void **data,
		     size_t *len);
int kssl_get_row(struct kssl *s, uint16_t attr, void **data, size_t *len);

/* --- all rows ----------------------------------------------------------- */

/*
 * All rows of an object but ex_data and session, which need all rights on it.
 * Units and bounds are those above. What pointers point to belongs to the
 * struct that holds this one. Rows of bytes and lists are NULL with a length of
 * 0, and texts "", when they are empty, and when they have more than
 * KSSL_SMALL_MAX bytes (64 codes) or do not fit into a message with the others:
 * large_rows has the attributes (KSSL_A_SETTINGS_*) of those, to be asked for
 * with kssl_ctx_get_row() or the row's own getter.
 */
struct kssl_settings_info {
	int reported;		/* 0: the kernel sent no rows, all is 0 */
	enum kssl_method method;
	enum kssl_role role;
	uint64_t options;
	uint32_t mode;
	uint32_t timeout;		/* seconds */
	uint16_t min_proto;
	uint16_t max_proto;
	const uint16_t *cipher_list;
	size_t cipher_list_n;
	const uint16_t *ciphersuites;
	size_t ciphersuites_n;
	uint8_t security_level;
	const uint16_t *groups;
	size_t groups_n;
	const uint16_t *sigalgs;
	size_t sigalgs_n;
	const uint16_t *client_sigalgs;
	size_t client_sigalgs_n;
	const uint8_t *tmp_dh;
	size_t tmp_dh_len;
	uint8_t dh_auto;
	uint32_t verify_mode;
	int32_t verify_depth;
	uint32_t verify_flags;
	uint8_t verify_purpose;
	uint8_t verify_trust;
	const uint8_t *verify_hosts;
	size_t verify_hosts_len;
	uint32_t verify_host_flags;
	char verify_email[KSSL_NAME_MAX + 1];
	const uint8_t *verify_ip;
	size_t verify_ip_len;
	uint64_t verify_time;
	int32_t verify_auth_level;
	const uint8_t *trust_anchors;
	size_t trust_anchors_len;
	int trust_system;
	const uint8_t *crls;
	size_t crls_len;
	uint32_t max_cert_list;
	int dane_enabled;
	uint32_t dane_flags;
	const uint8_t *dane_mtypes;
	size_t dane_mtypes_len;
	const uint8_t *dane_tlsa;
	size_t dane_tlsa_len;
	const uint8_t *certificate[KSSL_CERT_SLOTS];
	size_t certificate_len[KSSL_CERT_SLOTS];
	const uint8_t *chain[KSSL_CERT_SLOTS];
	size_t chain_len[KSSL_CERT_SLOTS];
	uint32_t private_key[KSSL_CERT_SLOTS];
	const uint8_t *ocsp[KSSL_CERT_SLOTS];
	size_t ocsp_len[KSSL_CERT_SLOTS];
	uint8_t certificate_current;
	const uint8_t *ca_list;
	size_t ca_list_len;
	const uint8_t *client_ca_list;
	size_t client_ca_list_len;
	const uint8_t *client_cert_types;
	size_t client_cert_types_len;
	const uint8_t *session_id_context;
	size_t session_id_context_len;
	uint32_t num_tickets;
	const uint32_t *ticket_keys;
	size_t ticket_keys_n;
	uint32_t max_early_data;
	uint32_t recv_max_early_data;
	char psk_identity_hint[KSSL_PSK_IDENTITY_MAX + 1];
	char psk_identity[KSSL_PSK_IDENTITY_MAX + 1];
	uint32_t psk_key;
	char sni[KSSL_NAME_MAX + 1];
	const uint8_t *alpn;
	size_t alpn_len;
	uint8_t max_fragment_len;
	const uint8_t *serverinfo;
	size_t serverinfo_len;
	const uint8_t *serverinfo_v2;
	size_t serverinfo_v2_len;
	const uint8_t *custom_extensions;
	size_t custom_extensions_len;
	int read_ahead;
	int quiet_shutdown;
	uint32_t block_padding;
	uint32_t max_send_fragment;
	uint32_t split_send_fragment;
	char label[KSSL_LABEL_MAX + 1];
	int share;
	int keep;
	uint32_t callbacks;
	uint64_t callbacks_cookie;
	const uint16_t *large_rows;
	size_t large_rows_n;
};

#ifdef __cplusplus
}
#endif

#endif /* KSSL_SETTINGS_H */
