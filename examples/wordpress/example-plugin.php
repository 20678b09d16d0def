<?php
/**
 * Plugin Name: Example Plugin
 * Description: Shows how a plugin is licensed by a Latchkey server.
 * Version: 1.0.0
 * Requires PHP: 7.4
 * Text Domain: latchkey-license
 *
 * @package Example_Plugin
 */

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-latchkey-license.php';

$example_plugin_license = new Latchkey_License(
	array(
		'file'    => __FILE__,
		'product' => 'prod_abc123',
		'name'    => 'Example Plugin',
		'version' => '1.0.0',
		'api_url' => 'https://licenses.example.com',
		'api_key' => 'pk_live_replace_me',
	)
);

if ( $example_plugin_license->is_licensed() ) {
	add_shortcode( 'example_plugin', '__return_true' ); // What is licensed begins here.
}
