/** Spec -> Scenario: MetalLB in front of a service. */

import type { MetallbSettings } from '../model/metallb-settings.js';
import { metallbDefaults } from '../model/versions/metallb-profile.js';
import { or } from './normalize-pods.js';
import type { Spec } from './schema.js';

type MetallbSpec = NonNullable<NonNullable<Spec['loadBalancer']>['metallb']>;

/** What a service says, and for the rest what is said of all. */
export const mergedMetallb = (ofAll: MetallbSpec | undefined, own: MetallbSpec | undefined): MetallbSpec | undefined =>
  ofAll === undefined || own === undefined
    ? (own ?? ofAll)
    : {
        addressPool: own.addressPool ?? ofAll.addressPool,
        layer2: { ...ofAll.layer2, ...own.layer2 },
        bgp: { ...ofAll.bgp, ...own.bgp },
      };

export const metallb = ({ addressPool, layer2, bgp }: MetallbSpec): MetallbSettings => {
  const defaults = metallbDefaults();
  return {
    addressPool: or(addressPool?.addresses, defaults.addressPool),
    layer2: {
      arpCacheNs: or(layer2?.arpCache, defaults.layer2.arpCacheNs),
      ignoringShare: or(layer2?.ignoringShare, defaults.layer2.ignoringShare),
      announcementLoss: or(layer2?.announcementLoss, defaults.layer2.announcementLoss),
    },
    bgp: {
      holdTimeNs: or(bgp?.holdTime, defaults.bgp.holdTimeNs),
      keepaliveTimeNs:
        bgp?.keepaliveTime ??
        keepaliveTimeNs(or(bgp?.holdTime, defaults.bgp.holdTimeNs), defaults.keepalivesPerHoldTime.value),
      connectTimeNs: or(bgp?.connectTime, defaults.bgp.connectTimeNs),
      bfdProfile:
        bgp?.bfdProfile === undefined
          ? defaults.bgp.bfdProfile.value
          : {
              receiveIntervalNs: or(bgp.bfdProfile.receiveInterval, defaults.bfdProfile.receiveIntervalNs),
              detectMultiplier: or(bgp.bfdProfile.detectMultiplier, defaults.bfdProfile.detectMultiplier),
            },
      nextHopSelection: or(bgp?.nextHopSelection, defaults.bgp.nextHopSelection),
    },
  };
};

const keepaliveTimeNs = (holdTimeNs: number, perHoldTime: number): number => Math.round(holdTimeNs / perHoldTime);
