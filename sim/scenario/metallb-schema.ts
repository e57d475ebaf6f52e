/** MetalLB, as users write it, in the field names of its own resources. Defaults are not here but in versions/metallb-profile.ts. */

import { z } from 'zod';

import type { AddressRange } from '../model/metallb-settings.js';
import { parseAddressRange } from '../model/traffic/load-balancers/address-pool.js';
import { choice, duration, type FieldIssue, percent, period, text, wholeNumber } from './fields.js';

const MAX_DETECT_MULTIPLIER = 255;

/** As an IPAddressPool has it. */
const addressRange = () =>
  text(
    /^[\d.]+( *- *[\d.]+|\/\d+)$/,
    'a range of IPv4 addresses such as "172.18.255.200-172.18.255.250" or "192.168.10.0/24"',
  ).transform((written, context): AddressRange => {
    const range = parseAddressRange(written);
    if (range !== null) return range;
    const params: FieldIssue = { code: 'KH012', suggestion: null };
    context.addIssue({ code: 'custom', message: `"${written}" is no range of IPv4 addresses`, params: { ...params } });
    return z.NEVER;
  });

export const metallb = z.strictObject({
  addressPool: z
    .strictObject({
      addresses: z
        .array(addressRange())
        .min(1)
        .describe('Ranges of addresses; each service gets the lowest one that is free, and is pending when none is.'),
    })
    .optional()
    .describe('The IPAddressPool of these services. Services that name equal ones share it.'),
  layer2: z
    .strictObject({
      arpCache: period()
        .optional()
        .describe('How long clients and routers on the network remember where an address is.'),
      ignoringShare: percent({ min: 0, max: 1 })
        .optional()
        .describe(
          'Clients that do not take the announcements of a new leader, in percent: they turn to it when their caches have run out.',
        ),
      announcementLoss: percent({ min: 0, max: 1 })
        .optional()
        .describe('Announcements that reach nobody, in percent. There are five, 1.1 s apart.'),
    })
    .optional()
    .describe('Of provider metallb-layer2: what clients make of an address that moves to another node.'),
  bgp: z
    .strictObject({
      holdTime: period()
        .optional()
        .describe('After which a router drops the routes of a speaker that it hears nothing of (BGPPeer).'),
      keepaliveTime: period().optional().describe('Between signs of life of a speaker; a third of the holdTime.'),
      connectTime: duration().optional().describe('Between attempts to open a session.'),
      bfdProfile: z
        .strictObject({
          receiveInterval: period().optional().describe('Between packets.'),
          detectMultiplier: wholeNumber({ min: 1, max: MAX_DETECT_MULTIPLIER })
            .optional()
            .describe('Packets in a row whose absence means that the speaker is gone.'),
        })
        .optional()
        .describe(
          'Finds speakers that are gone long before the holdTime is over; {} for the defaults of a BFDProfile.',
        ),
      nextHopSelection: choice(['modulo', 'hash-threshold', 'resilient'])
        .optional()
        .describe(
          'How the router picks a node by the hash of a flow: decides how many flows move when nodes come or go.',
        ),
    })
    .optional()
    .describe('Of provider metallb-bgp: the sessions of speakers with their router. See also flowHash.'),
});
