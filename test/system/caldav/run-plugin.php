<?php

// Runs the SabreDAV plugin as sabre/dav 4 would. In, on standard input: {"settings": file or [url, key], "messages": [...]};
// out: the SCHEDULE-STATUS of each message, as JSON. ServerPlugin and the calendar's serialisation are Debian's packages
// (sabre/dav 1.8, sabre/vobject 2.1); what those are too old for, the emitter of events and iTIP messages, is typed anew
// below, as small as the plugin needs it.

declare(strict_types=1);

namespace Sabre\DAV {
    class Server
    {
        public object $tree;
        private array $listeners = [];

        /** The path below the base URL, as sabre/dav 4 computes it for the base URL `/dav/`. */
        public function calculateUri(string $uri): string
        {
            $path = (string) parse_url($uri, PHP_URL_PATH);
            if (0 !== strpos($path, '/dav/')) {
                throw new Exception\Forbidden("$uri is not on this server");
            }

            return trim(rawurldecode(substr($path, 5)), '/');
        }

        public function on(string $event, callable $listener, int $priority = 100): void
        {
            $this->listeners[$event][$priority][] = $listener;
            ksort($this->listeners[$event]);
        }

        public function emit(string $event, array $arguments): void
        {
            foreach ($this->listeners[$event] ?? [] as $listeners) {
                foreach ($listeners as $listener) {
                    $listener(...$arguments);
                }
            }
        }

        public function addPlugin(ServerPlugin $plugin): void
        {
            $plugin->initialize($this);
        }
    }
}

namespace Sabre\VObject\ITip {
    class Message
    {
        public $uid;
        public $component = 'VEVENT';
        public $method;
        public $sequence;
        public $sender;
        public $senderName;
        public $recipient;
        public $recipientName;
        public $scheduleStatus;
        public $message;
        public $significantChange = true;
    }
}

namespace {
    use ImipGateway\SabreDav\ImipGatewayPlugin;

    error_reporting(E_ALL & ~E_DEPRECATED);
    ini_set('display_errors', 'stderr');
    require_once 'Sabre/autoload.php';
    require __DIR__.'/../../../plugins/sabredav/ImipGatewayPlugin.php';

    $input = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
    $settings = $input['settings'];
    try {
        $plugin = is_string($settings) ? ImipGatewayPlugin::fromFile($settings) : new ImipGatewayPlugin(...$settings);
    } catch (InvalidArgumentException $fault) {
        echo json_encode(['fault' => $fault->getMessage()]);
        exit;
    }
    $server = new Sabre\DAV\Server();
    // As local delivery does: 3.7 where it knows nobody, 1.2 where it has delivered.
    $server->on('schedule', function (Sabre\VObject\ITip\Message $message) {
        $message->scheduleStatus = 'mailto:bob@example.com' === $message->recipient ? '1.2;Delivered' : '3.7;Nobody';
    });
    // Alice's principal, and one without an address.
    $backend = new Sabre\DAVACL\PrincipalBackend\PDO(new PDO('sqlite::memory:'));
    $server->tree = new class($backend) {
        public function __construct(private $backend)
        {
        }

        public function getNodeForPath(string $path): object
        {
            $known = ['principals/alice' => ['{http://sabredav.org/ns}email-address' => 'alice@example.com'], 'principals/room' => []];
            if (!isset($known[$path])) {
                throw new Sabre\DAV\Exception\NotFound($path);
            }

            return new Sabre\DAVACL\Principal($this->backend, ['uri' => $path] + $known[$path]);
        }
    };
    $server->addPlugin($plugin);
    $statuses = [];
    foreach ($input['messages'] as $given) {
        $message = new Sabre\VObject\ITip\Message();
        foreach ($given as $name => $value) {
            $message->$name = 'message' === $name ? Sabre\VObject\Reader::read($value) : $value;
        }
        $server->emit('schedule', [$message]);
        $statuses[] = explode(';', (string) $message->scheduleStatus)[0];
    }
    echo json_encode(['statuses' => $statuses, 'name' => $plugin->getPluginName()]);
}
