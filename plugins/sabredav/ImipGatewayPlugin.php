<?php

// Posts each scheduling message for somebody outside to the iMIP gateway, which mails it. In: the server's `schedule`
// events (sabre/dav 3.2 to 5, sabre/vobject 4); out: one POST per recipient, and a SCHEDULE-STATUS with its result. It
// posts only to the configured URL.

declare(strict_types=1);

namespace ImipGateway\SabreDav;

use InvalidArgumentException;
use Sabre\DAV\Exception as DavException;
use Sabre\DAV\Server;
use Sabre\DAV\ServerPlugin;
use Sabre\DAVACL\IPrincipal;
use Sabre\VObject\ITip\Message;

final class ImipGatewayPlugin extends ServerPlugin
{
    // RFC 6638 §3.2.9: the delivery status that the organizer's client shows.
    private const SENT = '1.1;The message will be mailed';
    private const INSIGNIFICANT = '1.0;The change is not mailed';
    private const REFUSED = '5.1;The gateway refused the message';
    private const UNREACHABLE = '5.2;The gateway could not be reached';

    private const CALLBACK_PATH = '/api/v1.0/caldav-scheduling-callback/';

    // The organizer's client waits for the requests to all recipients.
    private const CONNECT_TIMEOUT_MS = 2000;
    private const TIMEOUT_MS = 5000;

    private Server $server;
    private string $callbackUrl;
    private string $apiKey;

    /** One connection for all recipients. */
    private ?\CurlHandle $curl = null;

    /** Set after the first recipient without a response, so that the others do not wait as well. */
    private bool $unreachable = false;

    /**
     * @param string $baseUrl the gateway's URL, such as https://gateway.example.com
     * @param string $apiKey  the gateway's CALDAV_INBOUND_API_KEY
     */
    public function __construct(string $baseUrl, string $apiKey)
    {
        $scheme = parse_url($baseUrl, PHP_URL_SCHEME);
        if (false === filter_var($baseUrl, FILTER_VALIDATE_URL) || !in_array($scheme, ['http', 'https'], true)) {
            throw new InvalidArgumentException("The gateway's URL is not an http or https URL");
        }
        if ('' === $apiKey || 1 === preg_match('/[^\x21-\x7e]/', $apiKey)) {
            throw new InvalidArgumentException("The gateway's key is missing, or contains blanks or control characters");
        }
        $this->callbackUrl = rtrim($baseUrl, '/').self::CALLBACK_PATH;
        $this->apiKey = $apiKey;
    }

    /** Reads `url = …` and `key = …` from a file that only the web server's user should be able to read. */
    public static function fromFile(string $file): self
    {
        $settings = is_readable($file) ? parse_ini_file($file, false, INI_SCANNER_RAW) : false;
        if (!isset($settings['url'], $settings['key'])) {
            throw new InvalidArgumentException("$file cannot be read, or lacks url or key");
        }

        return new self(trim($settings['url']), trim($settings['key']));
    }

    public function getPluginName(): string
    {
        return 'imip-gateway';
    }

    public function initialize(Server $server): void
    {
        $this->server = $server;
        // After local delivery, which has the priority 100.
        $server->on('schedule', [$this, 'schedule'], 120);
    }

    public function schedule(Message $message): void
    {
        if (!$message->significantChange) {
            $message->scheduleStatus = $message->scheduleStatus ?: self::INSIGNIFICANT;

            return;
        }
        if (0 === strncmp((string) $message->scheduleStatus, '1.2', 3)) {
            return; // delivered to a user of this server
        }
        $sender = $this->mailAddressOf($message->sender);
        if (null === $sender || !self::isMailAddress($message->recipient)) {
            return;
        }
        $message->scheduleStatus = $this->unreachable ? self::UNREACHABLE : $this->post($message, $sender);
    }

    /** Calendar on macOS and iOS writes the path of the principal into ORGANIZER. */
    private function mailAddressOf(?string $address): ?string
    {
        if (null === $address || '' === $address || self::isMailAddress($address)) {
            return $address ?: null;
        }
        try {
            $principal = $this->server->tree->getNodeForPath($this->server->calculateUri($address));
        } catch (DavException $notOurs) {
            return null;
        }
        $addresses = $principal instanceof IPrincipal ? $principal->getAlternateUriSet() : [];

        return array_values(array_filter($addresses, [self::class, 'isMailAddress']))[0] ?? null;
    }

    /** Refuses line breaks, which would begin another header field. */
    private static function isMailAddress(?string $address): bool
    {
        return null !== $address && 1 === preg_match('/^mailto:[^\x00-\x20\x7f]+$/iD', $address);
    }

    private function post(Message $message, string $sender): string
    {
        $this->curl ??= curl_init();
        curl_setopt_array($this->curl, [
            CURLOPT_URL => $this->callbackUrl,
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => $message->message->serialize(),
            CURLOPT_HTTPHEADER => [
                'Content-Type: text/calendar; charset=utf-8',
                'Expect:',
                'X-Api-Key: '.$this->apiKey,
                'X-CalDAV-Sender: '.$sender,
                'X-CalDAV-Recipient: '.$message->recipient,
                'X-CalDAV-Method: '.$message->method,
            ],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_CONNECTTIMEOUT_MS => self::CONNECT_TIMEOUT_MS,
            CURLOPT_TIMEOUT_MS => self::TIMEOUT_MS,
            CURLOPT_NOSIGNAL => true,
        ]);
        $answered = false !== curl_exec($this->curl);
        $status = curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
        if ($answered && 200 === $status) {
            return self::SENT;
        }
        if (!$answered) {
            $this->unreachable = true;
        }
        error_log('iMIP gateway: '.$message->method.' to '.$message->recipient.' failed: '
            .($answered ? "HTTP $status" : curl_error($this->curl)));

        return $answered && $status < 500 ? self::REFUSED : self::UNREACHABLE;
    }
}
