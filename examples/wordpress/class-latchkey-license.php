<?php
/**
 * Licensing of a WordPress plugin by a Latchkey server: settings page, activation of the site,
 * daily check, heartbeat and the vendor's actions. PHP 7.4 or later, no dependencies.
 *
 * @package Latchkey_License
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

if ( ! class_exists( 'Latchkey_License' ) ) :

	/**
	 * One object for each licensed plugin. Without a license key it calls nothing.
	 */
	class Latchkey_License {

		/** Seconds to wait for the server. */
		const TIMEOUT = 15;

		/** Notices of the vendor kept at most. */
		const MAX_NOTICES = 5;

		/** Ids of carried out actions kept at most; a server has about 100 waiting for a site. */
		const MAX_DONE = 150;

		/**
		 * Objects by their plugin's basename, for the uninstall hook, which must be static.
		 *
		 * @var Latchkey_License[]
		 */
		private static $plugins = array();

		/**
		 * What the plugin's author set.
		 *
		 * @var array
		 */
		private $config;

		/**
		 * Such as `my-plugin/my-plugin.php`.
		 *
		 * @var string
		 */
		private $basename;

		/**
		 * Such as `my-plugin`.
		 *
		 * @var string
		 */
		private $slug;

		/**
		 * Begins the names of options, cron events and form actions.
		 *
		 * @var string
		 */
		private $prefix;

		/**
		 * Takes the plugin's settings and hooks into WordPress.
		 *
		 * @param array $config {
		 *     Settings.
		 *
		 *     @type string   $file           Main file of the plugin, `__FILE__` there. Required.
		 *     @type string   $api_url        Address of the server, before `/api/v1`. Required; https, or a loopback address.
		 *     @type string   $api_key        Key of kind proxgate. Required. It is public: see the README.
		 *     @type string   $product        The product that a license key must be for, as the server calls it. Any of yours when
		 *                                    empty: then the key of your cheapest plugin opens this one too.
		 *     @type string   $name           Shown name of the plugin.
		 *     @type string   $version        Version of the plugin.
		 *     @type int      $grace_days     Days the license stays good while the server gives no answer. 7 by default.
		 *     @type string   $site_url       What the site is called at the server, the home URL by default. A server knows a site
		 *                                    once: of several plugins on its license each needs an own address, such as
		 *                                    `plugins_url( '', __FILE__ )`.
		 *     @type string[] $download_hosts Hosts that updates may come from; any when empty.
		 * }
		 */
		public function __construct( array $config ) {
			$this->config   = array_merge(
				array(
					'product'        => '',
					'name'           => '',
					'version'        => '0',
					'grace_days'     => 7,
					'site_url'       => '',
					'download_hosts' => array(),
				),
				$config
			);
			$this->basename = plugin_basename( $this->config['file'] );
			$this->slug     = sanitize_key( strtok( preg_replace( '/\.php$/', '', $this->basename ), '/' ) );
			$this->prefix   = 'latchkey_' . str_replace( '-', '_', $this->slug );
			if ( '' === $this->config['name'] ) {
				$this->config['name'] = $this->slug;
			}
			self::$plugins[ $this->basename ] = $this;

			add_action( 'admin_menu', array( $this, 'add_page' ) );
			add_action( 'admin_init', array( $this, 'schedule' ) );
			add_action( 'admin_notices', array( $this, 'show_notices' ) );
			add_action( 'admin_post_' . $this->prefix, array( $this, 'handle_form' ) );
			add_action( 'admin_post_' . $this->prefix . '_dismiss', array( $this, 'handle_dismiss' ) );
			add_action( $this->prefix . '_validate', array( $this, 'validate' ) );
			add_action( $this->prefix . '_heartbeat', array( $this, 'heartbeat' ) );
			add_filter( 'pre_set_site_transient_update_plugins', array( $this, 'offer_update' ) );
			add_filter( 'site_transient_update_plugins', array( $this, 'offer_update' ) );
			register_activation_hook( $this->config['file'], array( $this, 'on_plugin_activation' ) );
			register_deactivation_hook( $this->config['file'], array( $this, 'unschedule' ) );
		}

		// For the plugin's author.

		/**
		 * Whether the plugin may do what is licensed. Reads options only.
		 *
		 * @return bool
		 */
		public function is_licensed() {
			return ! $this->is_disabled() && $this->has_good_license();
		}

		/**
		 * Whether the vendor disabled the plugin on this site.
		 *
		 * @return bool
		 */
		public function is_disabled() {
			return (bool) $this->read( 'disabled', false );
		}

		/**
		 * What is known of the license.
		 *
		 * @return array {
		 *     @type string   $code       `NONE`, `VALID`, `GRACE` (good, the server does not answer), `GRACE_ENDED`,
		 *                                `MOVED` (the site has another domain now), or the code of the server's refusal.
		 *     @type string   $message    The same for people, not escaped.
		 *     @type int|null $checked_at Unix seconds of the last definite answer.
		 *     @type string|null $expires_at ISO 8601.
		 * }
		 */
		public function status() {
			$license = $this->license();
			$code    = $this->status_code( $license );
			return array(
				'code'       => $code,
				'message'    => $this->words( $code, '' ),
				'checked_at' => $license['checked_at'],
				'expires_at' => $license['expires_at'],
			);
		}

		/**
		 * Activates a key for this site's domain.
		 *
		 * @param string $key License key.
		 * @return true|WP_Error
		 */
		public function activate( $key ) {
			$key    = trim( (string) $key );
			$domain = $this->domain();
			if ( '' === $key ) {
				return new WP_Error( 'latchkey_key', __( 'Enter a license key.', 'latchkey-license' ) );
			}
			if ( '' === $domain ) {
				return $this->no_domain();
			}
			if ( '' !== $this->config['product'] ) {
				// Asked first, so that a key of another product takes no place.
				$answer = $this->request( 'licenses/validate', array( 'license_key' => $key ) );
				if ( 'ok' !== $answer['kind'] ) {
					return $this->error( $answer );
				}
				if ( $this->is_of_other_product( $answer['body'] ) ) {
					return new WP_Error( 'latchkey_wrong_product', $this->words( 'WRONG_PRODUCT', '' ) );
				}
			}
			$answer = $this->request(
				'licenses/activate',
				array(
					'license_key' => $key,
					'domain'      => $domain,
					'device_name' => $this->site_name(),
				)
			);
			if ( 'ok' !== $answer['kind'] ) {
				return $this->error( $answer );
			}
			$former = $this->license();
			$this->save_good( $key, $domain, $answer['body'] );
			// What a copy of the site knows of is the first one's place.
			if ( '' !== $former['key'] && $former['domain'] === $domain && $former['key'] !== $key ) {
				$this->free_slot( $former );
			}
			$this->schedule();
			$this->register_site();
			return true;
		}

		/**
		 * Gives the site's place back and forgets the key. While the server does not answer nothing is forgotten.
		 *
		 * @return true|WP_Error
		 */
		public function deactivate() {
			$license = $this->license();
			if ( '' === $license['key'] ) {
				return true;
			}
			$freed = $this->free_slot( $license );
			if ( true === $freed ) {
				$this->forget( array( 'license', 'site' ) );
			}
			return $freed;
		}

		/**
		 * Asks the server about the key. Daily by WP-Cron, and again within hours when there was no answer.
		 *
		 * @return bool Whether there was a definite answer, good or not.
		 */
		public function validate() {
			$license = $this->license();
			$domain  = $this->domain();
			if ( '' === $license['key'] || '' === $domain ) {
				return true;
			}
			$answer = $this->request(
				'licenses/validate',
				array(
					'license_key' => $license['key'],
					'domain'      => $domain,
				)
			);
			$now    = $this->now();
			// Another request may have changed the key while this one waited, behind the options cached here.
			wp_cache_delete( 'alloptions', 'options' );
			if ( $this->license()['key'] !== $license['key'] ) {
				return true;
			}
			$foreign = 'ok' === $answer['kind'] && $this->is_of_other_product( $answer['body'] );
			if ( ! $foreign && 'ok' === $answer['kind'] && isset( $answer['body']['valid'] ) && true === $answer['body']['valid'] ) {
				$this->save_good( $license['key'], $domain, $answer['body'] );
				return true;
			}
			$denied = $foreign || ( 'ok' === $answer['kind'] && isset( $answer['body']['valid'] ) && false === $answer['body']['valid'] )
				|| ( 'refused' === $answer['kind'] && 0 === strpos( $answer['code'], 'LICENSE_' ) );
			if ( $denied ) {
				$license['valid']      = false;
				$license['code']       = $foreign ? 'WRONG_PRODUCT' : ( '' === $answer['code'] ? 'NOT_VALID' : $answer['code'] );
				$license['checked_at'] = $now;
				$license['retry_at']   = null;
			} else {
				$license['retry_at'] = $now + HOUR_IN_SECONDS;
			}
			$this->write( 'license', $license );
			return $denied;
		}

		// What WP-Cron and WordPress call.

		/**
		 * Plans the cron events that are not planned yet, spread so that a vendor's sites do not call at once.
		 */
		public function schedule() {
			foreach ( array(
				'_validate'  => 'daily',
				'_heartbeat' => 'hourly',
			) as $event => $recurrence ) {
				if ( ! wp_next_scheduled( $this->prefix . $event ) ) {
					wp_schedule_event( $this->now() + wp_rand( MINUTE_IN_SECONDS, HOUR_IN_SECONDS ), $recurrence, $this->prefix . $event );
				}
			}
		}

		/**
		 * On activation of the plugin.
		 */
		public function on_plugin_activation() {
			$this->schedule();
			register_uninstall_hook( $this->config['file'], array( __CLASS__, 'uninstall' ) );
		}

		/**
		 * On deactivation of the plugin, which keeps key and place: people deactivate plugins to look for faults.
		 */
		public function unschedule() {
			wp_clear_scheduled_hook( $this->prefix . '_validate' );
			wp_clear_scheduled_hook( $this->prefix . '_heartbeat' );
		}

		/**
		 * On removal of the plugin, after WordPress included its main file.
		 */
		public static function uninstall() {
			$basename = substr( (string) current_filter(), strlen( 'uninstall_' ) );
			if ( ! isset( self::$plugins[ $basename ] ) ) {
				return;
			}
			$plugin = self::$plugins[ $basename ];
			$plugin->unschedule();
			// A copy of the site, removed, must not take the first one's place.
			if ( $plugin->license()['domain'] === $plugin->domain() ) {
				$plugin->deactivate();
			}
			$plugin->forget( array( 'license', 'site', 'disabled', 'update', 'notices', 'done', 'hold_until' ) );
		}

		/**
		 * Reports to the server and carries out what the vendor asks. Hourly by WP-Cron, or as the server says.
		 */
		public function heartbeat() {
			$license = $this->license();
			if ( '' === $license['key'] ) {
				return;
			}
			if ( null !== $license['retry_at'] && $license['retry_at'] <= $this->now() ) {
				$this->validate();
			}
			$site = $this->site();
			// Cron events come a little early or late.
			if ( $site['next_at'] > $this->now() + MINUTE_IN_SECONDS ) {
				return;
			}
			// A copy of the site at another address must not speak for the first.
			if ( '' === $site['token'] || $site['url'] !== $this->site_identity() || $site['renew'] ) {
				if ( ! $this->register_site() ) {
					return;
				}
			}
			$answer = $this->report();
			if ( $this->is_unknown_site( $answer ) && $this->register_site() ) {
				$answer = $this->report();
			}
			if ( 'ok' !== $answer['kind'] ) {
				return;
			}
			$body            = $answer['body'];
			$wait            = isset( $body['next_heartbeat_in'] ) ? (int) $body['next_heartbeat_in'] : HOUR_IN_SECONDS;
			$wait            = min( max( $wait, 5 * MINUTE_IN_SECONDS ), DAY_IN_SECONDS );
			$site            = $this->site();
			$site['next_at'] = $this->now() + $wait;
			$this->write( 'site', $site );
			if ( $wait < HOUR_IN_SECONDS ) {
				wp_schedule_single_event( $site['next_at'], $this->prefix . '_heartbeat' );
			}
			$good = isset( $body['license']['valid'] ) ? $body['license']['valid'] : null;
			// Who has just paid for another year does not wait for the daily check.
			$renewed = true === $good && 'LICENSE_EXPIRED' === $this->license()['code'];
			if ( $renewed || ( false === $good && $this->has_good_license() ) ) {
				$this->validate();
			}
			if ( ! empty( $body['has_pending_actions'] ) ) {
				$this->take_actions( $site['token'] );
			}
		}

		/**
		 * Filter of the update transient: adds the version that the vendor offers, while it is newer.
		 *
		 * @param mixed $transient Object with the plugins to update, or false.
		 * @return mixed
		 */
		public function offer_update( $transient ) {
			$offer = $this->read( 'update', null );
			if ( ! is_object( $transient ) || ! is_array( $offer ) || ! $this->is_offerable( $offer ) ) {
				return $transient;
			}
			if ( ! isset( $transient->response ) || ! is_array( $transient->response ) ) {
				$transient->response = array();
			}
			$transient->response[ $this->basename ] = (object) array(
				'id'          => $this->basename,
				'slug'        => $this->slug,
				'plugin'      => $this->basename,
				'new_version' => $offer['version'],
				'url'         => '',
				'package'     => $offer['download_url'],
			);
			if ( isset( $transient->no_update ) && is_array( $transient->no_update ) ) {
				unset( $transient->no_update[ $this->basename ] );
			}
			return $transient;
		}

		// Settings page and notices.

		/**
		 * Adds the page under Settings.
		 */
		public function add_page() {
			/* translators: %s: name of the plugin. */
			$title = sprintf( __( '%s License', 'latchkey-license' ), $this->config['name'] );
			add_options_page( esc_html( $title ), esc_html( $title ), 'manage_options', $this->page_slug(), array( $this, 'render_page' ) );
		}

		/**
		 * Prints the page.
		 */
		public function render_page() {
			if ( ! current_user_can( 'manage_options' ) ) {
				return;
			}
			$license = $this->license();
			$status  = $this->status();
			$result  = get_transient( $this->result_name() );
			delete_transient( $this->result_name() );
			$result = is_array( $result ) ? $result : array();
			$typed  = isset( $result['key'] ) ? $result['key'] : '';
			?>
			<div class="wrap">
				<h1><?php echo esc_html( $this->config['name'] ); ?></h1>
				<?php if ( isset( $result['message'] ) ) : ?>
					<div class="notice notice-<?php echo empty( $result['ok'] ) ? 'error' : 'success'; ?>"><p><?php echo esc_html( $result['message'] ); ?></p></div>
				<?php endif; ?>
				<p>
					<strong><?php esc_html_e( 'Status:', 'latchkey-license' ); ?></strong>
					<?php echo esc_html( $this->is_disabled() ? $this->words( 'DISABLED', '' ) : $status['message'] ); ?>
				</p>
				<?php if ( null !== $status['expires_at'] ) : ?>
					<p>
						<?php
						/* translators: %s: a date. */
						echo esc_html( sprintf( __( 'Paid until %s.', 'latchkey-license' ), $this->date( strtotime( $status['expires_at'] ) ) ) );
						?>
					</p>
				<?php endif; ?>
				<?php if ( null !== $status['checked_at'] ) : ?>
					<p>
						<?php
						/* translators: %s: date and time. */
						echo esc_html( sprintf( __( 'Last checked %s.', 'latchkey-license' ), $this->date( $status['checked_at'], true ) ) );
						?>
					</p>
				<?php endif; ?>
				<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>">
					<input type="hidden" name="action" value="<?php echo esc_attr( $this->prefix ); ?>" />
					<?php wp_nonce_field( $this->prefix ); ?>
					<?php if ( '' !== $license['key'] ) : ?>
						<p>
							<?php esc_html_e( 'License key:', 'latchkey-license' ); ?>
							<code><?php echo esc_html( $this->masked( $license['key'] ) ); ?></code>
							<button class="button" name="task" value="check"><?php esc_html_e( 'Check now', 'latchkey-license' ); ?></button>
							<button class="button" name="task" value="deactivate"><?php esc_html_e( 'Deactivate', 'latchkey-license' ); ?></button>
						</p>
					<?php endif; ?>
					<?php if ( '' === $license['key'] || ! $this->has_good_license() ) : ?>
						<p>
							<label for="<?php echo esc_attr( $this->prefix ); ?>_key"><?php esc_html_e( 'License key', 'latchkey-license' ); ?></label>
							<input type="text" class="regular-text" autocomplete="off" id="<?php echo esc_attr( $this->prefix ); ?>_key" name="license_key" value="<?php echo esc_attr( $typed ); ?>" />
							<button class="button button-primary" name="task" value="activate"><?php esc_html_e( 'Activate', 'latchkey-license' ); ?></button>
						</p>
						<p class="description"><?php esc_html_e( 'Activating sends the address and name of this site, the administrator\'s e-mail address and version numbers to the vendor, and later hourly reports.', 'latchkey-license' ); ?></p>
					<?php endif; ?>
				</form>
			</div>
			<?php
		}

		/**
		 * Answers the page's form.
		 */
		public function handle_form() {
			$this->require_administrator();
			check_admin_referer( $this->prefix );
			$task = isset( $_POST['task'] ) ? sanitize_key( wp_unslash( $_POST['task'] ) ) : '';
			$key  = isset( $_POST['license_key'] ) && is_string( $_POST['license_key'] )
				? sanitize_text_field( wp_unslash( $_POST['license_key'] ) ) : '';
			if ( 'activate' === $task ) {
				$result = $this->activate( $key );
				$done   = __( 'The license is active on this site.', 'latchkey-license' );
			} elseif ( 'deactivate' === $task ) {
				$result = $this->deactivate();
				$done   = __( 'The license is no longer active on this site.', 'latchkey-license' );
			} else {
				$result = $this->validate() ? true : new WP_Error( 'latchkey_unanswered', $this->words( 'NO_ANSWER', '' ) );
				$done   = __( 'The license was checked.', 'latchkey-license' );
			}
			$failed = is_wp_error( $result );
			set_transient(
				$this->result_name(),
				array(
					'ok'      => ! $failed,
					'message' => $failed ? $result->get_error_message() : $done,
					'key'     => $failed ? $key : '',
				),
				MINUTE_IN_SECONDS
			);
			wp_safe_redirect( admin_url( 'options-general.php?page=' . $this->page_slug() ) );
			exit;
		}

		/**
		 * Prints the vendor's notices.
		 */
		public function show_notices() {
			if ( ! current_user_can( 'manage_options' ) ) {
				return;
			}
			foreach ( $this->read( 'notices', array() ) as $id => $notice ) {
				$url = add_query_arg(
					array(
						'action' => $this->prefix . '_dismiss',
						'notice' => rawurlencode( (string) $id ),
					),
					admin_url( 'admin-post.php' )
				);
				?>
				<div class="notice notice-<?php echo esc_attr( $notice['level'] ); ?>">
					<p>
						<strong><?php echo esc_html( $this->config['name'] ); ?></strong>
						<?php echo esc_html( $notice['text'] ); ?>
						<a href="<?php echo esc_url( wp_nonce_url( $url, $this->prefix . '_dismiss' ) ); ?>"><?php esc_html_e( 'Dismiss', 'latchkey-license' ); ?></a>
					</p>
				</div>
				<?php
			}
		}

		/**
		 * Answers a notice's link.
		 */
		public function handle_dismiss() {
			$this->require_administrator();
			check_admin_referer( $this->prefix . '_dismiss' );
			$id      = isset( $_GET['notice'] ) && is_string( $_GET['notice'] ) ? sanitize_text_field( wp_unslash( $_GET['notice'] ) ) : '';
			$notices = $this->read( 'notices', array() );
			unset( $notices[ $id ] );
			$this->write( 'notices', $notices );
			$back = wp_get_referer();
			wp_safe_redirect( $back ? $back : admin_url() );
			exit;
		}

		// Actions of the vendor.

		/**
		 * Looks at the waiting actions, carries them out and only then acknowledges them: what a crash interrupts
		 * comes again. What was carried out but not acknowledged is remembered and not repeated.
		 *
		 * @param string $token The site's token; an action may make the site forget it.
		 */
		private function take_actions( $token ) {
			$answer = $this->request(
				'wordpress/pending-actions',
				array(
					'site_token'  => $token,
					'acknowledge' => false,
				)
			);
			if ( 'ok' !== $answer['kind'] || ! isset( $answer['body']['actions'] ) || ! is_array( $answer['body']['actions'] ) ) {
				return;
			}
			$ids = array();
			foreach ( $answer['body']['actions'] as $action ) {
				if ( ! is_array( $action ) || ! isset( $action['id'], $action['type'] ) || ! is_string( $action['id'] ) || ! is_string( $action['type'] ) ) {
					continue;
				}
				$payload = isset( $action['payload'] ) && is_array( $action['payload'] ) ? $action['payload'] : array();
				$done    = $this->read( 'done', array() );
				if ( ! in_array( $action['id'], $done, true ) ) {
					if ( ! $this->carry_out( $action['id'], $action['type'], $payload ) ) {
						continue;
					}
					$done[] = $action['id'];
					$this->write( 'done', array_slice( $done, -self::MAX_DONE ) );
				}
				$ids[] = $action['id'];
			}
			if ( count( $ids ) > 0 ) {
				$this->request(
					'wordpress/pending-actions',
					array(
						'site_token'  => $token,
						'acknowledge' => $ids,
					)
				);
			}
			// A new token ends the one that acknowledges.
			$site = $this->site();
			if ( $site['renew'] && '' !== $this->license()['key'] ) {
				$this->register_site();
			}
		}

		/**
		 * Carries out one action; doing it twice is doing it once.
		 *
		 * @param string $id      Id of the action.
		 * @param string $type    Such as `SHOW_NOTICE`.
		 * @param array  $payload What comes with it. Not trusted.
		 * @return bool False when it has to be tried again later.
		 */
		private function carry_out( $id, $type, array $payload ) {
			switch ( $type ) {
				case 'REFRESH_LICENSE':
					return $this->validate();
				case 'DEACTIVATE_LICENSE':
					$license          = $this->license();
					$license['valid'] = false;
					$license['code']  = 'DEACTIVATED';
					$this->write( 'license', $license );
					return true === $this->deactivate();
				case 'DISABLE_PLUGIN':
					$this->write( 'disabled', true );
					return true;
				case 'ENABLE_PLUGIN':
					$this->write( 'disabled', false );
					return true;
				case 'UPDATE_PLUGIN':
					$offer = array(
						'version'      => isset( $payload['version'] ) ? $payload['version'] : '',
						'download_url' => isset( $payload['download_url'] ) ? $payload['download_url'] : '',
					);
					if ( $this->is_offerable( $offer ) ) {
						$this->write( 'update', $offer );
					}
					return true;
				case 'SHOW_NOTICE':
					$this->keep_notice( $id, $payload );
					return true;
				case 'RE_REGISTER':
					$site          = $this->site();
					$site['renew'] = true;
					$this->write( 'site', $site );
					return true;
				default:
					/**
					 * Fires for an action this class does not know. The payload is what the server sent.
					 *
					 * @param string           $type    Type of the action.
					 * @param array            $payload Payload.
					 * @param Latchkey_License $license This object.
					 */
					do_action( 'latchkey_license_unknown_action', $type, $payload, $this );
					return true;
			}
		}

		/**
		 * Whether an update is well formed, from where updates may come, and newer.
		 *
		 * @param array $offer With version and download_url.
		 * @return bool
		 */
		private function is_offerable( array $offer ) {
			if ( ! isset( $offer['version'], $offer['download_url'] ) || ! is_string( $offer['version'] ) || ! is_string( $offer['download_url'] ) ) {
				return false;
			}
			$parts = wp_parse_url( $offer['download_url'] );
			if ( ! is_array( $parts ) || ! isset( $parts['scheme'], $parts['host'] ) || 'https' !== strtolower( $parts['scheme'] ) ) {
				return false;
			}
			$hosts = $this->config['download_hosts'];
			return ( ! $hosts || in_array( strtolower( $parts['host'] ), $hosts, true ) )
				&& esc_url_raw( $offer['download_url'], array( 'https' ) ) === $offer['download_url']
				&& 1 === preg_match( '/^[0-9][0-9A-Za-z.+-]{0,49}$/D', $offer['version'] )
				&& version_compare( $offer['version'], (string) $this->config['version'], '>' );
		}

		/**
		 * Keeps a notice until it is dismissed.
		 *
		 * @param string $id      Id of the action.
		 * @param array  $payload With level and text.
		 */
		private function keep_notice( $id, array $payload ) {
			$text  = isset( $payload['text'] ) && is_string( $payload['text'] ) ? trim( wp_strip_all_tags( $payload['text'] ) ) : '';
			$level = isset( $payload['level'] ) ? $payload['level'] : '';
			if ( '' === $text ) {
				return;
			}
			$notices        = $this->read( 'notices', array() );
			$notices[ $id ] = array(
				'level' => in_array( $level, array( 'info', 'success', 'warning', 'error' ), true ) ? $level : 'info',
				'text'  => mb_substr( $text, 0, 1000 ),
			);
			$this->write( 'notices', array_slice( $notices, -self::MAX_NOTICES, null, true ) );
		}

		// The site at the server.

		/**
		 * Registers the site and keeps its new token. Its license goes with it while it is good: the server gives a
		 * place to the site's domain then, which the vendor may have taken away.
		 *
		 * @return bool
		 */
		private function register_site() {
			$fields = array(
				'site_url'       => $this->site_url(),
				'site_name'      => $this->site_name(),
				'admin_email'    => (string) get_option( 'admin_email', '' ),
				'wp_version'     => (string) get_bloginfo( 'version' ),
				'php_version'    => PHP_VERSION,
				'plugin_version' => (string) $this->config['version'],
			);
			if ( ! is_email( $fields['admin_email'] ) ) {
				unset( $fields['admin_email'] );
			}
			/**
			 * Filters what is told of the site when it registers.
			 *
			 * @param array  $fields Fields of the request.
			 * @param string $slug   The plugin.
			 */
			$fields   = (array) apply_filters( 'latchkey_license_site_data', $fields, $this->slug );
			$licensed = $this->has_good_license();
			$answer   = $this->request(
				'wordpress/register',
				$licensed ? array_merge( $fields, array( 'license_key' => $this->license()['key'] ) ) : $fields
			);
			$about    = array( 'LICENSE_NOT_FOUND', 'LICENSE_EXPIRED', 'LICENSE_SUSPENDED', 'LICENSE_REVOKED', 'ACTIVATION_LIMIT_REACHED', 'DOMAIN_NOT_ALLOWED' );
			if ( $licensed && 'refused' === $answer['kind'] && in_array( $answer['code'], $about, true ) ) {
				$this->validate();
				$answer = $this->request( 'wordpress/register', $fields );
			}
			$site = $this->site();
			if ( 'ok' !== $answer['kind'] || empty( $answer['body']['site_token'] ) || ! is_string( $answer['body']['site_token'] ) ) {
				// Asking again would not help for now.
				$site['next_at'] = $this->now() + ( 'refused' === $answer['kind'] ? DAY_IN_SECONDS : HOUR_IN_SECONDS );
				$this->write( 'site', $site );
				return false;
			}
			$this->write(
				'site',
				array(
					'token'   => $answer['body']['site_token'],
					'url'     => $this->site_identity(),
					'renew'   => false,
					'next_at' => 0,
				)
			);
			return true;
		}

		/**
		 * Sends the report.
		 *
		 * @return array Answer of the request.
		 */
		private function report() {
			$health = array(
				'license'   => $this->status()['code'],
				'disabled'  => $this->is_disabled(),
				'locale'    => get_locale(),
				'multisite' => is_multisite(),
				'https'     => 'https' === wp_parse_url( home_url(), PHP_URL_SCHEME ),
				'memory'    => (string) ini_get( 'memory_limit' ),
				'debug'     => defined( 'WP_DEBUG' ) && WP_DEBUG,
			);
			/**
			 * Filters the health data of the report, at most 64 KiB as JSON.
			 *
			 * @param array  $health Names and values.
			 * @param string $slug   The plugin.
			 */
			$health = (array) apply_filters( 'latchkey_license_health_data', $health, $this->slug );
			return $this->request(
				'wordpress/heartbeat',
				array(
					'site_token'     => $this->site()['token'],
					'wp_version'     => (string) get_bloginfo( 'version' ),
					'php_version'    => PHP_VERSION,
					'plugin_version' => (string) $this->config['version'],
					'health_data'    => (object) $health,
				)
			);
		}

		/**
		 * Whether the server no longer knows the token.
		 *
		 * @param array $answer Answer of a request.
		 * @return bool
		 */
		private function is_unknown_site( array $answer ) {
			return 404 === $answer['status'] && 'SITE_NOT_FOUND' === $answer['code'];
		}

		// The license.

		/**
		 * Whether the last definite answer was good, is not too old, and was for this domain.
		 *
		 * @return bool
		 */
		private function has_good_license() {
			return in_array( $this->status_code( $this->license() ), array( 'VALID', 'GRACE' ), true );
		}

		/**
		 * One word for what is stored.
		 *
		 * @param array $license As stored.
		 * @return string
		 */
		private function status_code( array $license ) {
			if ( '' === $license['key'] ) {
				return 'NONE';
			}
			if ( ! $license['valid'] ) {
				return $license['code'];
			}
			if ( $license['domain'] !== $this->domain() ) {
				return 'MOVED';
			}
			$age = $this->now() - $license['good_at'];
			if ( $age > (int) $this->config['grace_days'] * DAY_IN_SECONDS ) {
				return 'GRACE_ENDED';
			}
			return null === $license['retry_at'] ? 'VALID' : 'GRACE';
		}

		/**
		 * Whether an answer is about a license of another product than the plugin's.
		 *
		 * @param array $body Answer.
		 * @return bool
		 */
		private function is_of_other_product( array $body ) {
			return '' !== $this->config['product']
				&& isset( $body['license']['product']['id'] )
				&& $body['license']['product']['id'] !== $this->config['product'];
		}

		/**
		 * Stores a good answer.
		 *
		 * @param string $key    License key.
		 * @param string $domain Domain it is active for.
		 * @param array  $body   Answer with a license.
		 */
		private function save_good( $key, $domain, array $body ) {
			$expires = isset( $body['license']['expires_at'] ) ? $body['license']['expires_at'] : null;
			$this->write(
				'license',
				array(
					'key'        => $key,
					'domain'     => $domain,
					'valid'      => true,
					'code'       => 'VALID',
					'checked_at' => $this->now(),
					'good_at'    => $this->now(),
					'retry_at'   => null,
					'expires_at' => is_string( $expires ) && false !== strtotime( $expires ) ? $expires : null,
				)
			);
		}

		/**
		 * Gives back the place of the domain the key was activated for.
		 *
		 * @param array $license As stored.
		 * @return true|WP_Error True also when there was no such place any more.
		 */
		private function free_slot( array $license ) {
			// Without a domain the server would free the places of all sites of the key.
			if ( '' === $license['domain'] ) {
				return $this->no_domain();
			}
			$answer = $this->request(
				'licenses/deactivate',
				array(
					'license_key' => $license['key'],
					'domain'      => $license['domain'],
				)
			);
			$gone   = 404 === $answer['status'] && in_array( $answer['code'], array( 'ACTIVATION_NOT_FOUND', 'LICENSE_NOT_FOUND' ), true );
			return 'ok' === $answer['kind'] || $gone ? true : $this->error( $answer );
		}

		// The server.

		/**
		 * One request to the server.
		 *
		 * @param string $path   Below `/api/v1/`.
		 * @param array  $fields Fields of the body.
		 * @return array {
		 *     @type string $kind    `ok`: 200 and success. `refused`: the server said no. `none`: no usable answer,
		 *                           which says nothing about the license.
		 *     @type int    $status  HTTP status, 0 without an answer.
		 *     @type string $code    The server's word.
		 *     @type string $message The server's sentence. Not escaped.
		 *     @type array  $body    The answer.
		 * }
		 */
		private function request( $path, array $fields ) {
			$none = array(
				'kind'    => 'none',
				'status'  => 0,
				'code'    => 'NO_ANSWER',
				'message' => '',
				'body'    => array(),
			);
			$url  = $this->api_url();
			if ( '' === $url || $this->read( 'hold_until', 0 ) > $this->now() ) {
				$none['code'] = '' === $url ? 'NOT_SET_UP' : 'RATE_LIMITED';
				return $none;
			}
			$response = wp_remote_post(
				$url . '/api/v1/' . $path,
				array(
					'timeout'     => self::TIMEOUT,
					// A redirection would take the keys elsewhere.
					'redirection' => 0,
					'headers'     => array(
						'Accept'       => 'application/json',
						'Content-Type' => 'application/json',
						'X-Api-Key'    => (string) $this->config['api_key'],
					),
					'body'        => wp_json_encode( $fields ),
				)
			);
			if ( is_wp_error( $response ) ) {
				return $none;
			}
			$status = (int) wp_remote_retrieve_response_code( $response );
			$body   = json_decode( wp_remote_retrieve_body( $response ), true );
			$none   = array_merge( $none, array( 'status' => $status ) );
			if ( 429 === $status ) {
				$this->write( 'hold_until', $this->now() + $this->wait_of( $response ) );
				return array_merge( $none, array( 'code' => 'RATE_LIMITED' ) );
			}
			// What a proxy or a captive portal says in the server's stead is no answer.
			if ( ! is_array( $body ) || ! isset( $body['success'] ) ) {
				return $none;
			}
			$said = array(
				'kind'    => 'ok',
				'status'  => $status,
				'code'    => isset( $body['code'] ) && is_string( $body['code'] ) ? $body['code'] : '',
				'message' => isset( $body['message'] ) && is_string( $body['message'] ) ? $body['message'] : '',
				'body'    => $body,
			);
			if ( 200 === $status && true === $body['success'] ) {
				return $said;
			}
			if ( in_array( $status, array( 400, 401, 403, 404 ), true ) && false === $body['success'] && '' !== $said['code'] ) {
				return array_merge( $said, array( 'kind' => 'refused' ) );
			}
			return $none;
		}

		/**
		 * Seconds that a 429 asks to wait; at most an hour, so that a wrong header does not silence the site.
		 *
		 * @param array $response Response of `wp_remote_post`.
		 * @return int
		 */
		private function wait_of( $response ) {
			$header  = (string) wp_remote_retrieve_header( $response, 'retry-after' );
			$at      = ctype_digit( $header ) ? false : strtotime( $header );
			$seconds = ctype_digit( $header ) ? (int) $header : ( false === $at ? MINUTE_IN_SECONDS : $at - $this->now() );
			return min( max( $seconds, 1 ), HOUR_IN_SECONDS );
		}

		/**
		 * The server's address, or an empty text where keys would travel in clear.
		 *
		 * @return string
		 */
		private function api_url() {
			$url   = rtrim( (string) $this->config['api_url'], '/' );
			$parts = wp_parse_url( $url );
			$host  = isset( $parts['host'] ) ? $parts['host'] : '';
			$safe  = isset( $parts['scheme'] ) && ( 'https' === $parts['scheme'] || in_array( $host, array( '127.0.0.1', 'localhost' ), true ) );
			return '' !== $host && $safe ? $url : '';
		}

		/**
		 * An answer that was not good, for people.
		 *
		 * @param array $answer Answer of a request.
		 * @return WP_Error
		 */
		private function error( array $answer ) {
			return new WP_Error( 'latchkey_' . strtolower( $answer['code'] ), $this->words( $answer['code'], $answer['message'] ) );
		}

		/**
		 * Nothing can be active for a site without an address.
		 *
		 * @return WP_Error
		 */
		private function no_domain() {
			return new WP_Error( 'latchkey_domain', __( 'The address of this site has no domain.', 'latchkey-license' ) );
		}

		/**
		 * A code in words.
		 *
		 * @param string $code  The server's code or one of this class.
		 * @param string $other The server's sentence, for codes that are not known here.
		 * @return string Not escaped.
		 */
		private function words( $code, $other ) {
			switch ( $code ) {
				case 'NONE':
					return __( 'No license key has been activated.', 'latchkey-license' );
				case 'VALID':
					return __( 'Active.', 'latchkey-license' );
				case 'GRACE':
					return __( 'Active. The license server does not answer at the moment.', 'latchkey-license' );
				case 'GRACE_ENDED':
					return __( 'The license server has not answered for too long.', 'latchkey-license' );
				case 'MOVED':
					return __( 'The address of this site has changed. Activate the license again.', 'latchkey-license' );
				case 'DISABLED':
					return __( 'The vendor has disabled this plugin on this site.', 'latchkey-license' );
				case 'LICENSE_NOT_FOUND':
					return __( 'There is no such license key.', 'latchkey-license' );
				case 'WRONG_PRODUCT':
					return __( 'The license key is for another product.', 'latchkey-license' );
				case 'LICENSE_EXPIRED':
					return __( 'The license has expired.', 'latchkey-license' );
				case 'LICENSE_SUSPENDED':
					return __( 'The license is suspended.', 'latchkey-license' );
				case 'LICENSE_REVOKED':
					return __( 'The license has been revoked.', 'latchkey-license' );
				case 'ACTIVATION_LIMIT_REACHED':
					return __( 'The license is in use on as many sites as it is for. Deactivate it on another one first.', 'latchkey-license' );
				case 'DOMAIN_NOT_ALLOWED':
					return __( 'The license is not for this domain.', 'latchkey-license' );
				case 'NOT_ACTIVATED':
				case 'DOMAIN_MISMATCH':
				case 'DEACTIVATED':
					return __( 'The license is not active on this site any more.', 'latchkey-license' );
				case 'RATE_LIMITED':
					return __( 'The license server has too much to do. Try again in a few minutes.', 'latchkey-license' );
				case 'NO_ANSWER':
					return __( 'The license server does not answer. Try again later.', 'latchkey-license' );
				case 'NOT_SET_UP':
				case 'UNAUTHORIZED':
				case 'INSUFFICIENT_SCOPE':
					return __( 'This plugin cannot use its license server. Ask its author.', 'latchkey-license' );
				default:
					return '' !== $other ? $other : __( 'The license is not valid.', 'latchkey-license' );
			}
		}

		// WordPress.

		/**
		 * The host that the site is reached by, in lower case.
		 *
		 * @return string Empty when there is none.
		 */
		private function domain() {
			return strtolower( (string) wp_parse_url( home_url(), PHP_URL_HOST ) );
		}

		/**
		 * What the site is called at the server.
		 *
		 * @return string
		 */
		private function site_url() {
			return '' !== $this->config['site_url'] ? $this->config['site_url'] : home_url();
		}

		/**
		 * The same without the scheme, which WordPress takes from the request.
		 *
		 * @return string
		 */
		private function site_identity() {
			return (string) preg_replace( '#^https?://#i', '', $this->site_url() );
		}

		/**
		 * The site's name as the server takes it.
		 *
		 * @return string
		 */
		private function site_name() {
			return mb_substr( wp_specialchars_decode( (string) get_bloginfo( 'name' ), ENT_QUOTES ), 0, 255 );
		}

		/**
		 * Unix seconds.
		 *
		 * @return int
		 */
		protected function now() {
			return time();
		}

		/**
		 * A key as it may be shown.
		 *
		 * @param string $key License key.
		 * @return string
		 */
		private function masked( $key ) {
			return '••••' . ( strlen( $key ) > 8 ? mb_substr( $key, -4 ) : '' );
		}

		/**
		 * A date as the site writes it.
		 *
		 * @param int  $at   Unix seconds.
		 * @param bool $time Whether with the time.
		 * @return string
		 */
		private function date( $at, $time = false ) {
			return (string) wp_date( get_option( 'date_format', 'Y-m-d' ) . ( $time ? ' ' . get_option( 'time_format', 'H:i' ) : '' ), $at );
		}

		/**
		 * Name of the settings page.
		 *
		 * @return string
		 */
		private function page_slug() {
			return $this->slug . '-license';
		}

		/**
		 * Where the outcome of a form waits for the page of the same user.
		 *
		 * @return string
		 */
		private function result_name() {
			return $this->prefix . '_result_' . get_current_user_id();
		}

		/**
		 * Ends the request of anybody else.
		 */
		private function require_administrator() {
			if ( ! current_user_can( 'manage_options' ) ) {
				wp_die( esc_html__( 'You may not do this.', 'latchkey-license' ), '', array( 'response' => 403 ) );
			}
		}

		/**
		 * The stored license.
		 *
		 * @return array
		 */
		private function license() {
			return array_merge(
				array(
					'key'        => '',
					'domain'     => '',
					'valid'      => false,
					'code'       => 'NONE',
					'checked_at' => null,
					'good_at'    => 0,
					'retry_at'   => null,
					'expires_at' => null,
				),
				$this->read( 'license', array() )
			);
		}

		/**
		 * The stored registration.
		 *
		 * @return array
		 */
		private function site() {
			return array_merge(
				array(
					'token'   => '',
					'url'     => '',
					'renew'   => false,
					'next_at' => 0,
				),
				$this->read( 'site', array() )
			);
		}

		/**
		 * Reads an option.
		 *
		 * @param string $name    Name without the prefix.
		 * @param mixed  $missing When there is none, or one of another type.
		 * @return mixed
		 */
		private function read( $name, $missing ) {
			$value = get_option( $this->prefix . '_' . $name, $missing );
			return is_array( $missing ) && ! is_array( $value ) ? $missing : $value;
		}

		/**
		 * Writes an option.
		 *
		 * @param string $name  Name without the prefix.
		 * @param mixed  $value Value.
		 */
		private function write( $name, $value ) {
			update_option( $this->prefix . '_' . $name, $value, 'done' !== $name );
		}

		/**
		 * Deletes options.
		 *
		 * @param string[] $names Names without the prefix.
		 */
		private function forget( array $names ) {
			foreach ( $names as $name ) {
				delete_option( $this->prefix . '_' . $name );
			}
		}
	}

endif;
