<?php
/**
 * Runs the WordPress example outside WordPress: one process is one page load. Takes commands as JSON on
 * stdin and prints what they gave as JSON. What WordPress would keep in its database is in a file.
 *
 * @package Latchkey_License
 */

// phpcs:ignoreFile -- These are stand-ins for WordPress, not a part of it.

define( 'ABSPATH', '/wordpress/' );
define( 'MINUTE_IN_SECONDS', 60 );
define( 'HOUR_IN_SECONDS', 3600 );
define( 'DAY_IN_SECONDS', 86400 );

class Redirected extends Exception {}
class Died extends Exception {}

class WP_Error {
	private $code;
	private $message;
	public function __construct( $code, $message ) {
		$this->code    = $code;
		$this->message = $message;
	}
	public function get_error_code() {
		return $this->code;
	}
	public function get_error_message() {
		return $this->message;
	}
}

set_error_handler(
	function ( $level, $message, $file, $line ) {
		if ( 0 === ( error_reporting() & $level ) ) {
			return false;
		}
		throw new ErrorException( $message, 0, $level, $file, $line );
	}
);

$load  = json_decode( stream_get_contents( STDIN ), true );
$site  = array_merge( array( 'options' => array(), 'transients' => array(), 'cron' => array() ), json_decode( (string) @file_get_contents( $load['file'] ), true ) ?: array() );
$hooks = array();
$current = array();
$pages = array();
$calls = array();
$fired = array();
$installed = array();

function keep() {
	file_put_contents( $GLOBALS['load']['file'], json_encode( $GLOBALS['site'] ) );
}

// Hooks.
function add_filter( $name, $do ) {
	$GLOBALS['hooks'][ $name ][] = $do;
}
function add_action( $name, $do ) {
	add_filter( $name, $do );
}
function apply_filters( $name, $value, ...$more ) {
	$GLOBALS['current'][] = $name;
	foreach ( $GLOBALS['hooks'][ $name ] ?? array() as $do ) {
		$value = $do( $value, ...$more );
	}
	array_pop( $GLOBALS['current'] );
	return $value;
}
function do_action( $name, ...$arguments ) {
	$GLOBALS['current'][] = $name;
	$GLOBALS['fired'][]   = array( $name, array_filter( $arguments, fn( $one ) => ! is_object( $one ) ) );
	foreach ( $GLOBALS['hooks'][ $name ] ?? array() as $do ) {
		call_user_func( $do, ...$arguments );
	}
	array_pop( $GLOBALS['current'] );
}
function current_filter() {
	return end( $GLOBALS['current'] );
}
function add_shortcode( $name, $do ) {
	add_filter( 'shortcode_' . $name, $do );
}
function plugin_basename( $file ) {
	return basename( dirname( $file ) ) . '/' . basename( $file );
}
function register_activation_hook( $file, $do ) {
	add_action( 'activate_' . plugin_basename( $file ), $do );
}
function register_deactivation_hook( $file, $do ) {
	add_action( 'deactivate_' . plugin_basename( $file ), $do );
}
function register_uninstall_hook( $file, $do ) {
	if ( is_object( $do[0] ) ) {
		throw new LogicException( 'an uninstall hook must be static' );
	}
	update_option( 'uninstall_plugins', array( plugin_basename( $file ) => $do ) );
}

// Options, transients, cron.
function get_option( $name, $missing = false ) {
	return $GLOBALS['site']['options'][ $name ] ?? $missing;
}
function update_option( $name, $value ) {
	// As through the database: objects and references do not survive.
	$GLOBALS['site']['options'][ $name ] = json_decode( json_encode( $value ), true );
	keep();
	return true;
}
function delete_option( $name ) {
	unset( $GLOBALS['site']['options'][ $name ] );
	keep();
	return true;
}
function wp_cache_delete() {
	$GLOBALS['site'] = array_merge( $GLOBALS['site'], json_decode( (string) @file_get_contents( $GLOBALS['load']['file'] ), true ) ?: array() );
}
function get_transient( $name ) {
	return $GLOBALS['site']['transients'][ $name ] ?? false;
}
function set_transient( $name, $value, $ttl ) {
	$GLOBALS['site']['transients'][ $name ] = $value;
	keep();
}
function delete_transient( $name ) {
	unset( $GLOBALS['site']['transients'][ $name ] );
	keep();
}
function wp_next_scheduled( $hook ) {
	$times = array_column( array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['hook'] === $hook ), 'at' );
	return $times ? min( $times ) : false;
}
function wp_schedule_event( $at, $recurrence, $hook ) {
	$every = array( 'hourly' => HOUR_IN_SECONDS, 'daily' => DAY_IN_SECONDS );
	$GLOBALS['site']['cron'][] = array( 'hook' => $hook, 'at' => $at, 'every' => $every[ $recurrence ] );
	keep();
}
function wp_schedule_single_event( $at, $hook ) {
	foreach ( $GLOBALS['site']['cron'] as $event ) {
		if ( $event['hook'] === $hook && abs( $event['at'] - $at ) < 10 * MINUTE_IN_SECONDS ) {
			return false;
		}
	}
	$GLOBALS['site']['cron'][] = array( 'hook' => $hook, 'at' => $at, 'every' => null );
	keep();
	return true;
}
function wp_clear_scheduled_hook( $hook ) {
	$GLOBALS['site']['cron'] = array_values( array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['hook'] !== $hook ) );
	keep();
}
/** Runs what is due, each event once, as one visit to the site does. */
function run_cron( $now ) {
	$due  = array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['at'] <= $now );
	$rest = array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['at'] > $now );
	foreach ( $due as $event ) {
		if ( null !== $event['every'] ) {
			$event['at'] += $event['every'] * ( 1 + intdiv( $now - $event['at'], $event['every'] ) );
			$rest[]       = $event;
		}
	}
	$GLOBALS['site']['cron'] = array_values( $rest );
	keep();
	foreach ( array_unique( array_column( $due, 'hook' ) ) as $hook ) {
		do_action( $hook );
	}
}

// The server.
function wp_remote_post( $url, $request ) {
	global $load, $calls;
	$url  = str_replace( 'https://licenses.example.com', $load['url'], $url );
	$path = preg_replace( '#^.*/api/v1/#', '', $url );
	$headers = array();
	foreach ( $request['headers'] as $name => $value ) {
		$headers[] = $name . ': ' . str_replace( 'pk_live_replace_me', $load['key'], $value );
	}
	$number = count( array_filter( $calls, fn( $call ) => $call['path'] === $path ) ) + 1;
	if ( ( $load['crashBefore'] ?? '' ) === $path . ' ' . $number ) {
		exit( 9 );
	}
	$context = stream_context_create(
		array(
			'http' => array(
				'method'          => 'POST',
				'header'          => $headers,
				'content'         => $request['body'],
				'timeout'         => $request['timeout'],
				'follow_location' => $request['redirection'] > 0 ? 1 : 0,
				'ignore_errors'   => true,
			),
		)
	);
	$body     = @file_get_contents( $url, false, $context );
	$received = $http_response_header ?? array();
	$status   = isset( $received[0] ) ? (int) explode( ' ', $received[0] )[1] : 0;
	$calls[]  = array( 'path' => $path, 'status' => $status, 'sent' => json_decode( $request['body'], true ) );
	if ( false === $body || ( $load['loseAnswerOf'] ?? '' ) === $path . ' ' . $number ) {
		return new WP_Error( 'http_request_failed', 'no connection' );
	}
	$fields = array();
	foreach ( array_slice( $received, 1 ) as $line ) {
		list( $name, $value )          = explode( ':', $line, 2 );
		$fields[ strtolower( $name ) ] = trim( $value );
	}
	return array( 'status' => $status, 'headers' => $fields, 'body' => $body );
}
function wp_remote_retrieve_response_code( $response ) {
	return $response['status'];
}
function wp_remote_retrieve_body( $response ) {
	return $response['body'];
}
function wp_remote_retrieve_header( $response, $name ) {
	return $response['headers'][ $name ] ?? '';
}
function is_wp_error( $thing ) {
	return $thing instanceof WP_Error;
}
function wp_json_encode( $value ) {
	return json_encode( $value );
}

// The site and its visitor.
function home_url() {
	return $GLOBALS['load']['home'];
}
function admin_url( $path = '' ) {
	return home_url() . '/wp-admin/' . $path;
}
function get_bloginfo( $what ) {
	return array( 'name' => 'Tom &amp; Ann', 'version' => '6.4' )[ $what ];
}
function get_locale() {
	return 'en_US';
}
function is_multisite() {
	return false;
}
function get_current_user_id() {
	return 1;
}
function current_user_can( $capability ) {
	return 'manage_options' === $capability && ( $GLOBALS['load']['administrator'] ?? true );
}
function check_admin_referer( $action ) {
	if ( ( $_REQUEST['_wpnonce'] ?? '' ) !== 'nonce-' . $action ) {
		throw new Died( 'nonce' );
	}
}
function wp_nonce_field( $action ) {
	echo '<input type="hidden" name="_wpnonce" value="nonce-' . esc_attr( $action ) . '" />';
}
function wp_nonce_url( $url, $action ) {
	return str_replace( '&', '&amp;', $url ) . '&amp;_wpnonce=nonce-' . $action;
}
function wp_safe_redirect( $url ) {
	throw new Redirected( $url );
}
function wp_get_referer() {
	return false;
}
function wp_die( $message ) {
	throw new Died( $message );
}
function add_options_page( $title, $menu, $capability, $slug, $render ) {
	$GLOBALS['pages'][ $slug ] = array( 'title' => $title, 'capability' => $capability, 'render' => $render );
}

// Texts.
function __( $text ) {
	return $text;
}
function esc_html( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function esc_attr( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function esc_html__( $text ) {
	return esc_html( $text );
}
function esc_html_e( $text ) {
	echo esc_html( $text );
}
function esc_url( $url ) {
	return str_replace( array( '&amp;', '&', "'", '"', '<', '>' ), array( '&', '&#038;', '&#039;', '', '', '' ), $url );
}
function esc_url_raw( $url, $protocols ) {
	$clean = preg_replace( '|[^a-z0-9-~+_.?#=!&;,/:%@$\|*\'()\[\]\x80-\xff]|i', '', $url );
	return in_array( strtolower( (string) parse_url( $clean, PHP_URL_SCHEME ) ), $protocols, true ) ? $clean : '';
}
function wp_parse_url( $url, $part = -1 ) {
	return parse_url( $url, $part );
}
function add_query_arg( $arguments, $url ) {
	$pairs = array_map( fn( $name ) => $name . '=' . $arguments[ $name ], array_keys( $arguments ) );
	return $url . '?' . implode( '&', $pairs );
}
function sanitize_key( $text ) {
	return preg_replace( '/[^a-z0-9_\-]/', '', strtolower( $text ) );
}
function sanitize_text_field( $text ) {
	return trim( preg_replace( '/[\r\n\t ]+/', ' ', $text ) );
}
function wp_unslash( $text ) {
	return stripslashes( $text );
}
function wp_strip_all_tags( $text ) {
	// Lets markup through, so that only escaping at output stands between it and the page.
	return $text;
}
function wp_specialchars_decode( $text, $flags ) {
	return htmlspecialchars_decode( $text, $flags );
}
function is_email( $text ) {
	return filter_var( $text, FILTER_VALIDATE_EMAIL );
}
function wp_date( $format, $at ) {
	return gmdate( $format, $at );
}
function wp_rand( $from, $to ) {
	return intdiv( $from + $to, 2 );
}
if ( ! function_exists( 'mb_substr' ) ) {
	function mb_substr( $text, $from, $length = null ) {
		return implode( '', array_slice( preg_split( '//u', $text, -1, PREG_SPLIT_NO_EMPTY ), $from, $length ) );
	}
}

$examples = dirname( __DIR__, 2 ) . '/examples/wordpress';
if ( $load['example'] ?? false ) {
	require $examples . '/example-plugin.php';
	$license  = $example_plugin_license;
	$basename = 'wordpress/example-plugin.php';
	$prefix   = 'latchkey_wordpress';
} else {
	require $examples . '/class-latchkey-license.php';
	class Clocked_License extends Latchkey_License {
		protected function now() {
			return $GLOBALS['load']['now'];
		}
	}
	$basename = 'my-plugin/my-plugin.php';
	$prefix   = 'latchkey_my_plugin';
	$config   = array(
		'file'    => '/plugins/my-plugin/my-plugin.php',
		'name'    => 'My <Plugin>',
		'version' => '1.2.0',
		'api_url' => $load['url'],
		'api_key' => $load['key'],
	);
	$license  = new Clocked_License( array_merge( $config, $load['config'] ?? array() ) );
}

function shown( $render ) {
	ob_start();
	$render();
	return ob_get_clean();
}

/** Sends a form or follows a link as the administrator's browser would. */
function visit( $action, $fields, $nonce ) {
	$_REQUEST = array_merge( $fields, array( '_wpnonce' => $nonce ) );
	$_POST    = array_map( 'addslashes', $fields );
	$_GET     = $_POST;
	try {
		do_action( 'admin_post_' . $action );
	} catch ( Redirected $to ) {
		return $to->getMessage();
	} catch ( Died $why ) {
		return 'died: ' . $why->getMessage();
	}
	return 'neither redirected nor died';
}

function outcome( $result ) {
	return is_wp_error( $result ) ? array( 'code' => $result->get_error_code(), 'message' => $result->get_error_message() ) : $result;
}

$results = array();
foreach ( $load['commands'] as $command ) {
	switch ( $command['do'] ) {
		case 'plugin-activated':
			do_action( 'activate_' . $basename );
			break;
		case 'plugin-deactivated':
			do_action( 'deactivate_' . $basename );
			break;
		case 'uninstalled':
			add_action( 'uninstall_' . $basename, get_option( 'uninstall_plugins' )[ $basename ] );
			do_action( 'uninstall_' . $basename );
			break;
		case 'activate':
			$results[] = outcome( $license->activate( $command['key'] ) );
			break;
		case 'deactivate':
			$results[] = outcome( $license->deactivate() );
			break;
		case 'validate':
			$results[] = $license->validate();
			break;
		case 'heartbeat':
			$license->heartbeat();
			break;
		case 'cron':
			run_cron( $load['now'] );
			break;
		case 'updates':
			$found     = (object) array( 'response' => array(), 'no_update' => array( $basename => (object) array() ) );
			$results[] = array(
				'stored' => apply_filters( 'pre_set_site_transient_update_plugins', clone $found ),
				'read'   => apply_filters( 'site_transient_update_plugins', clone $found ),
				'none'   => apply_filters( 'site_transient_update_plugins', false ),
			);
			break;
		case 'page':
			do_action( 'admin_menu' );
			$results[] = shown( reset( $pages )['render'] );
			break;
		case 'notices':
			$results[] = shown( fn() => do_action( 'admin_notices' ) );
			break;
		case 'form':
			$results[] = visit( $prefix, $command['fields'], $command['nonce'] ?? 'nonce-' . $prefix );
			break;
		case 'dismiss':
			$results[] = visit( $prefix . '_dismiss', array( 'notice' => $command['notice'] ), $command['nonce'] ?? 'nonce-' . $prefix . '_dismiss' );
			break;
		case 'set':
			$site['options'][ $prefix . '_' . $command['option'] ][ $command['field'] ] = $command['value'];
			keep();
			break;
		default:
			throw new LogicException( 'no such command: ' . $command['do'] );
	}
}

echo json_encode(
	array(
		'results'  => $results,
		'licensed' => $license->is_licensed(),
		'disabled' => $license->is_disabled(),
		'status'   => $license->status()['code'],
		'calls'    => $calls,
		'unknown'  => array_values( array_map( fn( $one ) => $one[1], array_filter( $fired, fn( $one ) => 'latchkey_license_unknown_action' === $one[0] ) ) ),
		'options'  => (object) $site['options'],
		'cron'     => array_column( $site['cron'], 'at', 'hook' ),
		'hooks'    => array_keys( $hooks ),
	)
);
